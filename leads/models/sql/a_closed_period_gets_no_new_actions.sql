-- Checked once per statement: a COPY of a million rows costs one lookup instead of a million.
CREATE OR REPLACE FUNCTION a_closed_period_gets_no_new_actions() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM touched JOIN leads_billingperiod period ON period.id = period_id
         WHERE period.state = 'closed' OR period.is_sealed
    )
    THEN
        RAISE EXCEPTION 'This billing period is closed or its month is locked, so it gets no new actions.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_closed_period_gets_no_new_actions';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER a_closed_period_gets_no_new_actions AFTER INSERT ON leads_action
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION a_closed_period_gets_no_new_actions();
