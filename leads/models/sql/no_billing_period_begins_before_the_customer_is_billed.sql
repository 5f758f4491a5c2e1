-- Compared by day, not by instant: if clocks go back over midnight, one day has two midnights.
CREATE OR REPLACE FUNCTION no_billing_period_begins_before_the_customer_is_billed() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF (
        SELECT (NEW.start_at AT TIME ZONE customer.time_zone)::date < customer.billed_from
          FROM leads_customer customer WHERE customer.id = NEW.customer_id
    )
    THEN
        RAISE EXCEPTION 'A billing period can''t start before the first billed day of its customer.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'no_billing_period_begins_before_the_customer_is_billed';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER no_billing_period_begins_before_the_customer_is_billed BEFORE INSERT ON leads_billingperiod
    FOR EACH ROW EXECUTE FUNCTION no_billing_period_begins_before_the_customer_is_billed();
