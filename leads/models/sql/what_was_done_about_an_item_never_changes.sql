-- An erasure redacts what a step says together with its item.
CREATE OR REPLACE FUNCTION what_was_done_about_an_item_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    kept leads_quarantinestep := OLD;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept.changed := NEW.changed;
        kept.note := NEW.note;
        IF NEW IS NOT DISTINCT FROM kept AND is_being_erased('item', OLD.item_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The history of a quarantined item can''t change.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_was_done_about_an_item_never_changes';
END $$;

CREATE OR REPLACE TRIGGER what_was_done_about_an_item_never_changes BEFORE UPDATE OR DELETE ON leads_quarantinestep
    FOR EACH ROW EXECUTE FUNCTION what_was_done_about_an_item_never_changes();
