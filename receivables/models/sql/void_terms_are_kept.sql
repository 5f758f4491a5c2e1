-- Terms are followed by others, never changed: a void is settled by those that were in force when it was recorded.
CREATE OR REPLACE TRIGGER the_ledger_is_append_only BEFORE UPDATE OR DELETE ON receivables_voidterms
    FOR EACH ROW EXECUTE FUNCTION the_ledger_is_append_only();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_voidterms
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_voidcredit
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
