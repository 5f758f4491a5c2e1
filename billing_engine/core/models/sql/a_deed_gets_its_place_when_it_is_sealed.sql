CREATE OR REPLACE FUNCTION a_deed_gets_its_place_when_it_is_sealed() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A deed gets its place in the chain when it is sealed, not when it is added.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_deed_gets_its_place_when_it_is_sealed';
END $$;

CREATE OR REPLACE TRIGGER a_deed_gets_its_place_when_it_is_sealed BEFORE INSERT ON core_deed
    FOR EACH ROW WHEN (NEW.position IS NOT NULL OR NEW.digest IS NOT NULL)
    EXECUTE FUNCTION a_deed_gets_its_place_when_it_is_sealed();
