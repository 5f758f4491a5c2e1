CREATE OR REPLACE FUNCTION a_look_at_a_portal_stays_on_record() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (NEW.customer_id, NEW.by_id, NEW.reason, NEW.began_at) = (OLD.customer_id, OLD.by_id, OLD.reason, OLD.began_at)
        AND NEW.ends_at <= OLD.ends_at
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A look at a portal stays on record; it can only end earlier.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_look_at_a_portal_stays_on_record';
END $$;

CREATE OR REPLACE TRIGGER a_look_at_a_portal_stays_on_record BEFORE UPDATE OR DELETE ON leads_portallook
    FOR EACH ROW EXECUTE FUNCTION a_look_at_a_portal_stays_on_record();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_portallook
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
