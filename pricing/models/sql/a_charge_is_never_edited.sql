CREATE OR REPLACE FUNCTION a_charge_is_never_edited() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A charge is never edited: its period is rated again.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_charge_is_never_edited';
END $$;

CREATE OR REPLACE TRIGGER a_charge_is_never_edited BEFORE UPDATE ON pricing_charge
    FOR EACH ROW EXECUTE FUNCTION a_charge_is_never_edited();
