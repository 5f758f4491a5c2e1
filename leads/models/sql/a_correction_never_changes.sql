CREATE OR REPLACE FUNCTION a_correction_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'What a person corrected stays on record.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_correction_never_changes';
END $$;

CREATE OR REPLACE TRIGGER a_correction_never_changes BEFORE UPDATE OR DELETE ON leads_correction
    FOR EACH ROW EXECUTE FUNCTION a_correction_never_changes();
