-- TRUNCATE fires no row trigger, so every table whose rows a trigger protects has this one too.
CREATE OR REPLACE FUNCTION a_kept_table_is_never_emptied() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The rows of % are kept, so the table can''t be emptied.', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_kept_table_is_never_emptied';
END $$;

CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON core_deed
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON core_approvalrequest
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
