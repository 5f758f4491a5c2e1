-- What foreign keys promise, once per statement: every lead names a source and a product that are there, every action a
-- lead, an action type and a billing period. A foreign key asks row by row and locks what is named row by row, which costs
-- more than the writing of leads and actions and makes all deliveries write to the same few rows.
--
-- The plans of triggers are kept: a join that reads the whole other table must not be among them, however small that was
-- when the first rows came.

CREATE FUNCTION leads_name_what_is_there() RETURNS trigger LANGUAGE plpgsql
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

CREATE FUNCTION actions_name_what_is_there() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT lead_id AS id FROM touched) named
                WHERE NOT EXISTS (SELECT FROM leads_lead there WHERE there.id = named.id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT action_type_id AS id FROM touched) named
                    WHERE NOT EXISTS (SELECT FROM leads_actiontype there WHERE there.id = named.id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT period_id AS id FROM touched) named
                    WHERE NOT EXISTS (SELECT FROM leads_billingperiod there WHERE there.id = named.id))
    THEN
        RAISE EXCEPTION 'An action names a lead, an action type and a billing period that are there.'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'actions_name_what_is_there';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER leads_name_what_is_there AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION leads_name_what_is_there();
CREATE TRIGGER changed_leads_name_what_is_there AFTER UPDATE ON leads_lead
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION leads_name_what_is_there();
CREATE TRIGGER actions_name_what_is_there AFTER INSERT ON leads_action
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION actions_name_what_is_there();
CREATE TRIGGER changed_actions_name_what_is_there AFTER UPDATE ON leads_action
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION actions_name_what_is_there();

-- What is named stays. The lock waits for the deliveries under way and holds new ones back until the deletion is over:
-- theirs then find that what they name is gone. It is rare; products and types with leads and actions are not deleted.
CREATE FUNCTION what_leads_and_actions_name_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_named boolean;
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', TG_ARGV[0]);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1)', TG_ARGV[0], TG_ARGV[1]) INTO is_named USING OLD.id;
    IF is_named THEN
        RAISE EXCEPTION 'This is named by leads or actions: it stays.'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'what_leads_and_actions_name_stays';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER what_leads_name_stays BEFORE DELETE ON leads_source
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_lead', 'source_id');
CREATE TRIGGER what_leads_name_stays BEFORE DELETE ON leads_product
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_lead', 'product_id');
CREATE TRIGGER what_actions_name_stays BEFORE DELETE ON leads_lead
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_action', 'lead_id');
CREATE TRIGGER what_actions_name_stays BEFORE DELETE ON leads_actiontype
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_action', 'action_type_id');
CREATE TRIGGER what_actions_name_stays BEFORE DELETE ON leads_billingperiod
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_action', 'period_id');
