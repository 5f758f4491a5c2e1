CREATE OR REPLACE FUNCTION a_used_number_prefix_stays_its_sellers() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'Invoices were issued under this prefix, so it remains its seller''s.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_used_number_prefix_stays_its_sellers';
END $$;

CREATE OR REPLACE TRIGGER a_used_number_prefix_stays_its_sellers BEFORE UPDATE OR DELETE ON leads_numberprefix
    FOR EACH ROW EXECUTE FUNCTION a_used_number_prefix_stays_its_sellers();
