-- Every writer of what prices depend on replaces a stamp in the same transaction. A sequence would be seen before the
-- commit, and one row for all would make each writer wait for the others: each takes a row that no other holds.
CREATE OR REPLACE FUNCTION a_change_to_the_book_is_stamped() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE pricing_bookstamp SET stamp = gen_random_uuid()
     WHERE id = (SELECT id FROM pricing_bookstamp WHERE kind = TG_ARGV[0] LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        INSERT INTO pricing_bookstamp (kind, stamp) VALUES (TG_ARGV[0], gen_random_uuid());
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION a_change_to_the_book_is_stamped() FROM PUBLIC;

CREATE OR REPLACE TRIGGER a_change_to_the_book_is_stamped
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pricing_pricerule
    FOR EACH STATEMENT EXECUTE FUNCTION a_change_to_the_book_is_stamped('rules');
CREATE OR REPLACE TRIGGER a_change_to_the_book_is_stamped
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pricing_pricetier
    FOR EACH STATEMENT EXECUTE FUNCTION a_change_to_the_book_is_stamped('rules');
CREATE OR REPLACE TRIGGER a_change_to_the_book_is_stamped
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_productrevision
    FOR EACH STATEMENT EXECUTE FUNCTION a_change_to_the_book_is_stamped('catalog');
CREATE OR REPLACE TRIGGER a_change_to_the_book_is_stamped
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_sourcerevision
    FOR EACH STATEMENT EXECUTE FUNCTION a_change_to_the_book_is_stamped('catalog');
CREATE OR REPLACE TRIGGER a_change_to_the_book_is_stamped
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_actiontyperevision
    FOR EACH STATEMENT EXECUTE FUNCTION a_change_to_the_book_is_stamped('catalog');
