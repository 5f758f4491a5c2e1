-- Foreign keys, checked once per statement: the source and product of every lead must exist. A real foreign key checks and
-- locks row by row, which costs more than writing the leads and actions and makes all deliveries write to the same few rows.
-- The plans of triggers are cached, so none of them may read the whole other table, however small it was at first.
CREATE OR REPLACE FUNCTION leads_name_what_is_there() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT source_id AS id FROM touched) named
                WHERE NOT EXISTS (SELECT FROM leads_source there WHERE there.id = named.id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT product_id AS id FROM touched) named
                    WHERE NOT EXISTS (SELECT FROM leads_product there WHERE there.id = named.id))
    THEN
        RAISE EXCEPTION 'The source and the product of a lead must exist.'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'leads_name_what_is_there';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER leads_name_what_is_there AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION leads_name_what_is_there();
CREATE OR REPLACE TRIGGER changed_leads_name_what_is_there AFTER UPDATE ON leads_lead
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION leads_name_what_is_there();
