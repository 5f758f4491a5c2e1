-- Except the user, who is removed here when deleted.
CREATE OR REPLACE FUNCTION what_was_done_about_an_item_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR ROW (NEW.item_id, NEW.kind, NEW.at, NEW.note, NEW.changed, NEW.delivery_id)
            IS DISTINCT FROM ROW (OLD.item_id, OLD.kind, OLD.at, OLD.note, OLD.changed, OLD.delivery_id)
    THEN
        RAISE EXCEPTION 'The history of a quarantined item can''t change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_was_done_about_an_item_never_changes';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER what_was_done_about_an_item_never_changes BEFORE UPDATE OR DELETE ON leads_quarantinestep
    FOR EACH ROW EXECUTE FUNCTION what_was_done_about_an_item_never_changes();
