-- Referenced rows can't be deleted. The lock waits for running deliveries and makes new ones wait until the deletion is over,
-- which then find the row gone. This is rare, because products and types with leads and actions are not deleted.
CREATE OR REPLACE FUNCTION what_leads_and_actions_name_stays() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    is_named boolean;
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', TG_ARGV[0]);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1)', TG_ARGV[0], TG_ARGV[1]) INTO is_named USING OLD.id;
    IF is_named THEN
        RAISE EXCEPTION 'Leads or actions refer to this row, so it can''t be deleted.'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'what_leads_and_actions_name_stays';
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE TRIGGER what_leads_name_stays BEFORE DELETE ON leads_source
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_lead', 'source_id');
CREATE OR REPLACE TRIGGER what_leads_name_stays BEFORE DELETE ON leads_product
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_lead', 'product_id');
CREATE OR REPLACE TRIGGER what_actions_name_stays BEFORE DELETE ON leads_lead
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_action', 'lead_id');
CREATE OR REPLACE TRIGGER what_actions_name_stays BEFORE DELETE ON leads_actiontype
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_action', 'action_type_id');
CREATE OR REPLACE TRIGGER what_actions_name_stays BEFORE DELETE ON leads_billingperiod
    FOR EACH ROW EXECUTE FUNCTION what_leads_and_actions_name_stays('leads_action', 'period_id');
