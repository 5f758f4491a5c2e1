CREATE OR REPLACE FUNCTION a_revision_of_a_mapping_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A revision of a mapping never changes: write a new one.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_revision_of_a_mapping_never_changes';
END $$;

CREATE OR REPLACE TRIGGER a_revision_of_a_mapping_never_changes BEFORE UPDATE OR DELETE ON leads_mappingrevision
    FOR EACH ROW EXECUTE FUNCTION a_revision_of_a_mapping_never_changes();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_mappingrevision
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_sourcemapping
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
