-- Actions are assigned to a period by its span, and a recorded reopening names when the period had been closed.
CREATE OR REPLACE FUNCTION a_billing_period_keeps_its_span() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF ROW (NEW.customer_id, NEW.label, NEW.start_at, NEW.end_at)
        IS DISTINCT FROM ROW (OLD.customer_id, OLD.label, OLD.start_at, OLD.end_at)
        OR OLD.state = 'closed' AND NEW.state = 'closed' AND NEW.closed_at <> OLD.closed_at
    THEN
        RAISE EXCEPTION 'The customer, start and end of a billing period can''t change, nor when it was closed.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_billing_period_keeps_its_span';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_billing_period_keeps_its_span BEFORE UPDATE ON leads_billingperiod
    FOR EACH ROW EXECUTE FUNCTION a_billing_period_keeps_its_span();
