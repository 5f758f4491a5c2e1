-- What an erasure cleared stays on record. It says so only while it runs: afterward nothing can be cleared in its name.
CREATE OR REPLACE FUNCTION is_being_erased(what text, number bigint) RETURNS boolean LANGUAGE sql STABLE
    SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM leads_redaction redaction JOIN leads_erasure erasure ON erasure.id = redaction.erasure_id
         WHERE redaction.of = what AND redaction.row = number AND erasure.finished_at IS NULL
    )
$$;

CREATE OR REPLACE FUNCTION erasures_stay_on_record() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'leads_redaction' AND TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM leads_erasure WHERE id = NEW.erasure_id AND finished_at IS NULL) THEN
            RETURN NEW;
        END IF;
    ELSIF TG_TABLE_NAME = 'leads_erasure' AND TG_OP = 'UPDATE' THEN
        IF OLD.finished_at IS NULL AND ROW (NEW.kind, NEW.asked_at, NEW.asked_by_id, NEW.reason, NEW.source_id)
            IS NOT DISTINCT FROM ROW (OLD.kind, OLD.asked_at, OLD.asked_by_id, OLD.reason, OLD.source_id)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'An erasure stays on record, and clears nothing once it is finished.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'erasures_stay_on_record';
END $$;

CREATE OR REPLACE TRIGGER erasures_stay_on_record BEFORE UPDATE OR DELETE ON leads_erasure
    FOR EACH ROW EXECUTE FUNCTION erasures_stay_on_record();
CREATE OR REPLACE TRIGGER erasures_stay_on_record BEFORE INSERT OR UPDATE OR DELETE ON leads_redaction
    FOR EACH ROW EXECUTE FUNCTION erasures_stay_on_record();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_redaction
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_archivedbody
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
