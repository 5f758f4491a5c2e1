CREATE OR REPLACE FUNCTION credit_moves_with_a_draft_or_a_void() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM invoices_invoice invoice
         WHERE invoice.id IN (OLD.invoice_id, NEW.invoice_id)
           AND invoice.state <> CASE WHEN TG_OP = 'INSERT' AND NEW.kind IN ('reversed', 'returned')
                                     THEN 'void' ELSE 'draft' END
    )
    THEN
        RAISE EXCEPTION 'The credit of an invoice can change only while it is a draft. Voiding the invoice returns it.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_moves_with_a_draft_or_a_void';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER credit_moves_with_a_draft_or_a_void BEFORE INSERT OR UPDATE OR DELETE ON invoices_creditentry
    FOR EACH ROW EXECUTE FUNCTION credit_moves_with_a_draft_or_a_void();
