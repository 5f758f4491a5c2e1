-- Who approved what stays on record: an approved invoice is issued as it is, or becomes a draft again.
CREATE OR REPLACE FUNCTION an_approved_invoice_is_only_issued_or_sent_back() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    issuing CONSTANT text[] := ARRAY[
        'state', 'issued_by_id', 'issued_at', 'issued_on', 'due_on', 'seller', 'bill_to', 'series_id', 'serial', 'number'
    ];
BEGIN
    IF NEW.state <> 'draft' AND NOT COALESCE(
        NEW.state = 'issued' AND to_jsonb(NEW) - issuing IS NOT DISTINCT FROM to_jsonb(OLD) - issuing,
        FALSE
    )
    THEN
        RAISE EXCEPTION 'An approved invoice cannot be changed. Send it back to draft first.'
            USING ERRCODE = 'integrity_constraint_violation',
                  CONSTRAINT = 'an_approved_invoice_is_only_issued_or_sent_back';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER an_approved_invoice_is_only_issued_or_sent_back BEFORE UPDATE ON invoices_invoice
    FOR EACH ROW WHEN (OLD.state = 'approved')
    EXECUTE FUNCTION an_approved_invoice_is_only_issued_or_sent_back();
