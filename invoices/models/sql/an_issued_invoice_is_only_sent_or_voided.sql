CREATE OR REPLACE FUNCTION an_issued_invoice_is_only_sent_or_voided() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    voiding CONSTANT text[] := ARRAY['state', 'voided_at', 'voided_by_id', 'void_reason'];
BEGIN
    IF OLD.state IN ('issued', 'void') AND NOT COALESCE(
        OLD.state = 'issued' AND OLD.sent_at IS NULL
            AND to_jsonb(NEW) - 'sent_at' IS NOT DISTINCT FROM to_jsonb(OLD) - 'sent_at'
        OR OLD.state = 'issued' AND NEW.state = 'void'
            AND to_jsonb(NEW) - voiding IS NOT DISTINCT FROM to_jsonb(OLD) - voiding,
        FALSE
    )
    THEN
        RAISE EXCEPTION 'An issued invoice cannot be changed. Correct it with a credit note, or void it.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_issued_invoice_is_only_sent_or_voided';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER an_issued_invoice_is_only_sent_or_voided BEFORE UPDATE OR DELETE ON invoices_invoice
    FOR EACH ROW EXECUTE FUNCTION an_issued_invoice_is_only_sent_or_voided();
