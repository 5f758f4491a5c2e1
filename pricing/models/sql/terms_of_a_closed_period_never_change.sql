CREATE OR REPLACE FUNCTION terms_of_a_closed_period_never_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM leads_billingperiod period
         WHERE period.id IN (OLD.period_id, NEW.period_id) AND period.state = 'closed'
    )
    THEN
        RAISE EXCEPTION 'This billing period is closed: its terms never change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'terms_of_a_closed_period_never_change';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER terms_of_a_closed_period_never_change BEFORE INSERT OR UPDATE OR DELETE ON pricing_periodterms
    FOR EACH ROW EXECUTE FUNCTION terms_of_a_closed_period_never_change();
