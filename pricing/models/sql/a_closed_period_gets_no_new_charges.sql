CREATE OR REPLACE FUNCTION a_closed_period_gets_no_new_charges() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM touched JOIN leads_billingperiod period ON period.id = period_id WHERE period.state = 'closed'
    )
    THEN
        RAISE EXCEPTION 'This billing period is closed: its charges never change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_closed_period_gets_no_new_charges';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER a_closed_period_gets_no_new_charges AFTER INSERT ON pricing_charge
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION a_closed_period_gets_no_new_charges();
