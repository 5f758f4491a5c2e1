-- Its product decides what its actions cost, and its person which of them were charged before.
CREATE OR REPLACE FUNCTION a_lead_with_billed_actions_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND EXISTS (
        SELECT FROM leads_action action JOIN leads_billingperiod period ON period.id = action.period_id
         WHERE action.lead_id = OLD.id AND period.state = 'closed'
    )
    THEN
        RAISE EXCEPTION 'Actions of this lead are in a closed billing period, so the lead can''t change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_lead_with_billed_actions_never_changes';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_lead_with_billed_actions_never_changes BEFORE UPDATE ON leads_lead
    FOR EACH ROW EXECUTE FUNCTION a_lead_with_billed_actions_never_changes();
