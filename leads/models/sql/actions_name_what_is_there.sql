-- Like leads_name_what_is_there.sql: the lead, action type and billing period of every action must exist.
CREATE OR REPLACE FUNCTION actions_name_what_is_there() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT lead_id AS id FROM touched) named
                WHERE NOT EXISTS (SELECT FROM leads_lead there WHERE there.id = named.id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT action_type_id AS id FROM touched) named
                    WHERE NOT EXISTS (SELECT FROM leads_actiontype there WHERE there.id = named.id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT period_id AS id FROM touched) named
                    WHERE NOT EXISTS (SELECT FROM leads_billingperiod there WHERE there.id = named.id))
    THEN
        RAISE EXCEPTION 'The lead, action type and billing period of an action must exist.'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'actions_name_what_is_there';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER actions_name_what_is_there AFTER INSERT ON leads_action
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION actions_name_what_is_there();
CREATE OR REPLACE TRIGGER changed_actions_name_what_is_there AFTER UPDATE ON leads_action
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION actions_name_what_is_there();
