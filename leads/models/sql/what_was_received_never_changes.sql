-- The bytes of a delivery leave the database only for the archive, and change only by an erasure. All else stays, and the
-- digest of what was received with it.
CREATE OR REPLACE FUNCTION what_was_received_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    kept leads_delivery := OLD;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept.body := NEW.body;
        IF NEW IS NOT DISTINCT FROM kept AND octet_length(NEW.body) = 0
            AND EXISTS (SELECT FROM leads_archivedbody WHERE delivery_id = OLD.id)
        THEN
            RETURN NEW;
        END IF;
        kept.answer := NEW.answer;
        IF NEW IS NOT DISTINCT FROM kept AND is_being_erased('body', OLD.id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'A delivery can''t change after it was received.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_was_received_never_changes';
END $$;

CREATE OR REPLACE TRIGGER what_was_received_never_changes BEFORE UPDATE OR DELETE ON leads_delivery
    FOR EACH ROW EXECUTE FUNCTION what_was_received_never_changes();
