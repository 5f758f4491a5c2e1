CREATE OR REPLACE FUNCTION a_stored_paper_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'kept' THEN
        RAISE EXCEPTION 'A stored PDF cannot be changed or deleted.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_stored_paper_never_changes';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_stored_paper_never_changes BEFORE UPDATE OR DELETE ON receivables_paper
    FOR EACH ROW EXECUTE FUNCTION a_stored_paper_never_changes();
CREATE OR REPLACE TRIGGER a_settled_mail_never_changes BEFORE UPDATE OR DELETE ON receivables_papermail
    FOR EACH ROW EXECUTE FUNCTION a_settled_mail_never_changes();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_paper
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_papermail
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
