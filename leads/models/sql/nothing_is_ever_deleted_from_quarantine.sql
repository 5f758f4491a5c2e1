-- The content of an item stays as it was received, unless an erasure redacts it.
CREATE OR REPLACE FUNCTION nothing_is_ever_deleted_from_quarantine() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND is_being_erased('item', OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A quarantined item is repaired or discarded, but never deleted, and its content stays.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'nothing_is_ever_deleted_from_quarantine';
END $$;

CREATE OR REPLACE TRIGGER nothing_is_ever_deleted_from_quarantine BEFORE DELETE ON leads_quarantineditem
    FOR EACH ROW EXECUTE FUNCTION nothing_is_ever_deleted_from_quarantine();
CREATE OR REPLACE TRIGGER what_was_refused_never_changes BEFORE UPDATE OF content, digest ON leads_quarantineditem
    FOR EACH ROW WHEN (ROW (NEW.content, NEW.digest) IS DISTINCT FROM ROW (OLD.content, OLD.digest))
    EXECUTE FUNCTION nothing_is_ever_deleted_from_quarantine();
