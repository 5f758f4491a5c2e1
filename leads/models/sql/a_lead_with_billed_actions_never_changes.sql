-- Its product decides what its actions cost, and its person which of them were charged before.
-- An erasure clears its contact data; a pseudonym then stands for the person.
CREATE OR REPLACE FUNCTION a_lead_with_billed_actions_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    cleared leads_lead := OLD;
BEGIN
    IF NEW IS DISTINCT FROM OLD AND EXISTS (
        SELECT FROM leads_action action JOIN leads_billingperiod period ON period.id = action.period_id
         WHERE action.lead_id = OLD.id AND period.state = 'closed'
    )
    THEN
        cleared.name := '';
        cleared.email := '';
        cleared.phone := '';
        cleared.firm := '';
        cleared.consent := '{}';
        cleared.attributes := '{}';
        cleared.person_key := NEW.person_key;
        IF NEW IS NOT DISTINCT FROM cleared AND is_being_erased('lead', OLD.id)
            AND (NEW.person_key = OLD.person_key
                 OR OLD.person_key <> '' AND NEW.person_key ~ '^~[0-9a-f]{32}@~([0-9a-f]{16}|phone)$')
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'Actions of this lead are in a closed billing period, so the lead can''t change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_lead_with_billed_actions_never_changes';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_lead_with_billed_actions_never_changes BEFORE UPDATE ON leads_lead
    FOR EACH ROW EXECUTE FUNCTION a_lead_with_billed_actions_never_changes();
