-- What foreign keys promise, once per statement: every lead names a source and a product that are there. A foreign key
-- asks row by row and locks what is named row by row, which costs more than the writing of leads and actions and makes
-- all deliveries write to the same few rows.
--
-- The plans of triggers are kept: a join that reads the whole other table must not be among them, however small that was
-- when the first rows came.
CREATE OR REPLACE FUNCTION leads_name_what_is_there() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT source_id AS id FROM touched) named
                WHERE NOT EXISTS (SELECT FROM leads_source there WHERE there.id = named.id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT product_id AS id FROM touched) named
                    WHERE NOT EXISTS (SELECT FROM leads_product there WHERE there.id = named.id))
    THEN
        RAISE EXCEPTION 'A lead names a source and a product that are there.'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'leads_name_what_is_there';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER leads_name_what_is_there AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION leads_name_what_is_there();
CREATE OR REPLACE TRIGGER changed_leads_name_what_is_there AFTER UPDATE ON leads_lead
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION leads_name_what_is_there();
