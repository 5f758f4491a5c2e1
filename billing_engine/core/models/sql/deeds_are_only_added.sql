CREATE OR REPLACE FUNCTION deeds_are_only_added() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    link CONSTANT text[] := ARRAY['position', 'digest'];
BEGIN
    -- Only `seal_deeds` updates a deed: it gives it its place in the chain, once.
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
        AND to_jsonb(NEW) - link = to_jsonb(OLD) - link
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A deed can''t be changed or deleted.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'deeds_are_only_added';
END $$;

CREATE OR REPLACE TRIGGER deeds_are_only_added BEFORE UPDATE OR DELETE ON core_deed
    FOR EACH ROW EXECUTE FUNCTION deeds_are_only_added();
