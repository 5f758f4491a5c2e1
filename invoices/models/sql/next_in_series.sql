-- The only writer of number series: counts a seller's series of a year up by one, and creates it if it is missing.
-- It runs with the owner's rights, because the app has none on the table. The series stays locked until the caller
-- commits, and a rollback returns the number.
CREATE OR REPLACE FUNCTION next_in_series(of_seller bigint, of_year integer, OUT series bigint, OUT serial integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO invoices_numberseries (seller_id, year, last) VALUES (of_seller, of_year, 0) ON CONFLICT DO NOTHING;
    UPDATE invoices_numberseries SET last = last + 1
     WHERE seller_id IS NOT DISTINCT FROM of_seller AND year = of_year
    RETURNING id, last INTO STRICT series, serial;
END $$;

REVOKE EXECUTE ON FUNCTION next_in_series(bigint, integer) FROM PUBLIC;
