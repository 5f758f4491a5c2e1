CREATE OR REPLACE FUNCTION charges_of_a_closed_period_are_never_deleted() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM touched JOIN leads_billingperiod period ON period.id = period_id WHERE period.state = 'closed'
    )
    THEN
        RAISE EXCEPTION 'This billing period is closed: its charges never change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'charges_of_a_closed_period_are_never_deleted';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER charges_of_a_closed_period_are_never_deleted AFTER DELETE ON pricing_charge
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION charges_of_a_closed_period_are_never_deleted();
