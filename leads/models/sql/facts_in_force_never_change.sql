-- A waiting revision may be put in force or withdrawn; nothing else about it ever changes, and none is deleted.
CREATE OR REPLACE FUNCTION facts_in_force_never_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.in_force_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL
        OR to_jsonb(NEW) - 'in_force_at' - 'withdrawn_at' IS DISTINCT FROM to_jsonb(OLD) - 'in_force_at' - 'withdrawn_at'
    THEN
        RAISE EXCEPTION 'Facts never change once they are written: write a revision.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'facts_in_force_never_change';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER facts_in_force_never_change BEFORE UPDATE OR DELETE ON leads_productrevision
    FOR EACH ROW EXECUTE FUNCTION facts_in_force_never_change();
CREATE OR REPLACE TRIGGER facts_in_force_never_change BEFORE UPDATE OR DELETE ON leads_sourcerevision
    FOR EACH ROW EXECUTE FUNCTION facts_in_force_never_change();
CREATE OR REPLACE TRIGGER facts_in_force_never_change BEFORE UPDATE OR DELETE ON leads_actiontyperevision
    FOR EACH ROW EXECUTE FUNCTION facts_in_force_never_change();
