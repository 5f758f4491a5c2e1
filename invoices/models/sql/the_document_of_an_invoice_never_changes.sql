CREATE OR REPLACE FUNCTION the_document_of_an_invoice_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'kept' THEN
        RAISE EXCEPTION 'A stored PDF cannot be changed or deleted.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'the_document_of_an_invoice_never_changes';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER the_document_of_an_invoice_never_changes BEFORE UPDATE OR DELETE ON invoices_invoicedocument
    FOR EACH ROW EXECUTE FUNCTION the_document_of_an_invoice_never_changes();
