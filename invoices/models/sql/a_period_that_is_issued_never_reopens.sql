CREATE OR REPLACE FUNCTION a_period_that_is_issued_never_reopens() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'closed' AND NEW.state <> 'closed' AND EXISTS (
        SELECT FROM invoices_invoice invoice WHERE invoice.period_id = OLD.id AND invoice.state = 'issued'
    )
    THEN
        RAISE EXCEPTION 'This billing period is on an issued invoice. Void the invoice to reopen the period.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_period_that_is_issued_never_reopens';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER a_period_that_is_issued_never_reopens BEFORE UPDATE ON leads_billingperiod
    FOR EACH ROW EXECUTE FUNCTION a_period_that_is_issued_never_reopens();
