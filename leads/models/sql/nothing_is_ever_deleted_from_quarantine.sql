CREATE OR REPLACE FUNCTION nothing_is_ever_deleted_from_quarantine() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A quarantined item is repaired or discarded, but never deleted.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'nothing_is_ever_deleted_from_quarantine';
END $$;

CREATE OR REPLACE TRIGGER nothing_is_ever_deleted_from_quarantine BEFORE DELETE ON leads_quarantineditem
    FOR EACH ROW EXECUTE FUNCTION nothing_is_ever_deleted_from_quarantine();
