CREATE OR REPLACE FUNCTION a_reopening_is_never_forgotten() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The record of a reopened period cannot be changed or deleted.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_reopening_is_never_forgotten';
END $$;

CREATE OR REPLACE TRIGGER a_reopening_is_never_forgotten BEFORE UPDATE OR DELETE ON invoices_reopening
    FOR EACH ROW EXECUTE FUNCTION a_reopening_is_never_forgotten();
