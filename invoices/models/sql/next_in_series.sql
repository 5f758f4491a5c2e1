-- The only writer of number series: counts a seller's series of a year and a kind up by as many numbers as are given at once, and
-- returns the first of them; it creates the series if it is missing. It runs with the owner's rights, because the app
-- has none on the table. The series stays locked until the caller commits, and a rollback returns the numbers.
DROP FUNCTION IF EXISTS next_in_series(bigint, integer, integer); -- it knew no kinds
CREATE OR REPLACE FUNCTION next_in_series(
    of_seller bigint, of_year integer, many integer DEFAULT 1, of_kind text DEFAULT 'invoice',
    OUT series bigint, OUT serial integer
)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF many IS NULL OR many < 1 THEN
        RAISE EXCEPTION 'A series only counts up.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_series_only_counts_up';
    END IF;
    INSERT INTO invoices_numberseries AS stored (seller_id, year, kind, last)
    VALUES (of_seller, of_year, of_kind, many)
    ON CONFLICT ON CONSTRAINT a_seller_has_one_number_series_a_year DO UPDATE SET last = stored.last + many
    RETURNING stored.id, stored.last - many + 1 INTO STRICT series, serial;
END $$;

REVOKE EXECUTE ON FUNCTION next_in_series(bigint, integer, integer, text) FROM PUBLIC;
