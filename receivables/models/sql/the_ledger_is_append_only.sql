-- A mistake is corrected by a second document, never by editing the first.
CREATE OR REPLACE FUNCTION the_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'What stands in the ledger never changes.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'the_ledger_is_append_only';
END $$;

CREATE OR REPLACE TRIGGER the_ledger_is_append_only BEFORE UPDATE OR DELETE ON receivables_ledgerdocument
    FOR EACH ROW EXECUTE FUNCTION the_ledger_is_append_only();
CREATE OR REPLACE TRIGGER the_ledger_is_append_only BEFORE UPDATE OR DELETE ON receivables_posting
    FOR EACH ROW EXECUTE FUNCTION the_ledger_is_append_only();
CREATE OR REPLACE TRIGGER the_ledger_is_append_only BEFORE UPDATE OR DELETE ON receivables_allocation
    FOR EACH ROW EXECUTE FUNCTION the_ledger_is_append_only();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_ledgerdocument
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_posting
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_allocation
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
