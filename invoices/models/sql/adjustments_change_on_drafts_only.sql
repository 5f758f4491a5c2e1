CREATE OR REPLACE FUNCTION adjustments_change_on_drafts_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM invoices_invoiceline line JOIN invoices_invoice invoice ON invoice.id = line.invoice_id
         WHERE line.id IN (OLD.line_id, NEW.line_id) AND invoice.state <> 'draft'
    )
    THEN
        RAISE EXCEPTION 'The adjustments of an invoice can change only while it is a draft.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'adjustments_change_on_drafts_only';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER adjustments_change_on_drafts_only BEFORE INSERT OR UPDATE OR DELETE ON invoices_adjustment
    FOR EACH ROW EXECUTE FUNCTION adjustments_change_on_drafts_only();
