CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON leads_hookfetch
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
