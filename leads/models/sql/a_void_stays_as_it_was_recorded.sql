-- A void is recorded once. That it came after the close is noted with it, and is removed when the period is reopened.
CREATE OR REPLACE FUNCTION a_void_stays_as_it_was_recorded() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL
        AND ROW (NEW.voided_at, NEW.void_reason) IS DISTINCT FROM ROW (OLD.voided_at, OLD.void_reason)
        OR NEW.voided_at IS NULL AND NEW.void_reason <> OLD.void_reason
        OR NEW.voided_after_close AND NOT OLD.voided_after_close
            AND (OLD.voided_at IS NOT NULL
                 OR (SELECT state FROM leads_billingperiod WHERE id = OLD.period_id) <> 'closed')
    THEN
        RAISE EXCEPTION 'A void stays as it was recorded.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_void_stays_as_it_was_recorded';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_void_stays_as_it_was_recorded BEFORE UPDATE ON leads_action
    FOR EACH ROW EXECUTE FUNCTION a_void_stays_as_it_was_recorded();
