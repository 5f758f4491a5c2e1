-- What went to the books can be fetched again byte for byte, and no document goes there twice.
CREATE OR REPLACE FUNCTION exports_to_the_books_are_kept() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'What was exported to the books never changes.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'exports_to_the_books_are_kept';
END $$;

CREATE OR REPLACE TRIGGER exports_to_the_books_are_kept BEFORE UPDATE ON receivables_bookexport
    FOR EACH ROW WHEN (OLD.state IN ('done', 'failed')) EXECUTE FUNCTION exports_to_the_books_are_kept();
CREATE OR REPLACE TRIGGER exports_to_the_books_stay BEFORE DELETE ON receivables_bookexport
    FOR EACH ROW EXECUTE FUNCTION exports_to_the_books_are_kept();
CREATE OR REPLACE TRIGGER exports_to_the_books_are_kept BEFORE UPDATE OR DELETE ON receivables_exporteddocument
    FOR EACH ROW EXECUTE FUNCTION exports_to_the_books_are_kept();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_bookexport
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_exporteddocument
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
