-- A note is never changed: a second one corrects it.
CREATE OR REPLACE TRIGGER the_ledger_is_append_only BEFORE UPDATE OR DELETE ON receivables_accountnote
    FOR EACH ROW EXECUTE FUNCTION the_ledger_is_append_only();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_accountnote
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
