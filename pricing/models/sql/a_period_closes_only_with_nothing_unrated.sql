CREATE OR REPLACE FUNCTION a_period_closes_only_with_nothing_unrated() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state = 'closed' AND OLD.state <> 'closed'
        AND EXISTS (SELECT FROM pricing_unratedaction WHERE period_id = NEW.id)
    THEN
        RAISE EXCEPTION 'This billing period has unrated actions: it cannot be closed.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_period_closes_only_with_nothing_unrated';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER a_period_closes_only_with_nothing_unrated BEFORE UPDATE ON leads_billingperiod
    FOR EACH ROW EXECUTE FUNCTION a_period_closes_only_with_nothing_unrated();
