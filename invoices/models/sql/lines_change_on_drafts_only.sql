CREATE OR REPLACE FUNCTION lines_change_on_drafts_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM invoices_invoice invoice
         WHERE invoice.id IN (OLD.invoice_id, NEW.invoice_id) AND invoice.state <> 'draft'
    )
    THEN
        RAISE EXCEPTION 'The lines of an invoice can change only while it is a draft.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'lines_change_on_drafts_only';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER lines_change_on_drafts_only BEFORE INSERT OR UPDATE OR DELETE ON invoices_invoiceline
    FOR EACH ROW EXECUTE FUNCTION lines_change_on_drafts_only();
