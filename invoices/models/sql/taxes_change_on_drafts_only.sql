CREATE OR REPLACE FUNCTION taxes_change_on_drafts_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM invoices_invoice invoice
         WHERE invoice.id IN (OLD.invoice_id, NEW.invoice_id) AND invoice.state <> 'draft'
    )
    THEN
        RAISE EXCEPTION 'The taxes of an invoice can change only while it is a draft.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'taxes_change_on_drafts_only';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER taxes_change_on_drafts_only BEFORE INSERT OR UPDATE OR DELETE ON invoices_invoicetax
    FOR EACH ROW EXECUTE FUNCTION taxes_change_on_drafts_only();
