-- An erasure redacts what a correction says together with its lead.
CREATE OR REPLACE FUNCTION a_correction_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    kept leads_correction := OLD;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept.changed := NEW.changed;
        IF NEW IS NOT DISTINCT FROM kept AND is_being_erased('lead', OLD.lead_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'What a person corrected stays on record.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_correction_never_changes';
END $$;

CREATE OR REPLACE TRIGGER a_correction_never_changes BEFORE UPDATE OR DELETE ON leads_correction
    FOR EACH ROW EXECUTE FUNCTION a_correction_never_changes();
