CREATE OR REPLACE FUNCTION from_when_a_customer_is_billed_stays_once_it_has_a_period() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.billed_from IS DISTINCT FROM OLD.billed_from
        AND EXISTS (SELECT FROM leads_billingperiod period WHERE period.customer_id = OLD.id)
    THEN
        RAISE EXCEPTION 'The first billed day of a customer can''t change once there is a billing period.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'from_when_a_customer_is_billed_stays_once_it_has_a_period';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER from_when_a_customer_is_billed_stays_once_it_has_a_period BEFORE UPDATE ON leads_customer
    FOR EACH ROW EXECUTE FUNCTION from_when_a_customer_is_billed_stays_once_it_has_a_period();
