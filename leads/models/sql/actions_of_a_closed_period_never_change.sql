-- All of an action stays, except what an erasure clears with its lead. A void after the close may be recorded; it applies once the period is reopened.
CREATE OR REPLACE FUNCTION actions_of_a_closed_period_never_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    cleared leads_action := OLD;
BEGIN
    IF ROW (NEW.lead_id, NEW.external_id, NEW.action_type_id, NEW.period_id, NEW.occurred_at, NEW.quantity,
            NEW.value, NEW.attributes, NEW.delivery_id, NEW.voided_at IS NOT NULL AND NOT NEW.voided_after_close)
        IS DISTINCT FROM
        ROW (OLD.lead_id, OLD.external_id, OLD.action_type_id, OLD.period_id, OLD.occurred_at, OLD.quantity,
             OLD.value, OLD.attributes, OLD.delivery_id, OLD.voided_at IS NOT NULL AND NOT OLD.voided_after_close)
        AND ((SELECT state FROM leads_billingperiod WHERE id = OLD.period_id) = 'closed'
             OR (SELECT state FROM leads_billingperiod WHERE id = NEW.period_id) = 'closed')
    THEN
        IF TG_OP = 'UPDATE' THEN
            cleared.attributes := '{}';
            IF NEW IS NOT DISTINCT FROM cleared AND is_being_erased('lead', OLD.lead_id) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'This billing period is closed, so its actions can''t change.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'actions_of_a_closed_period_never_change';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER actions_of_a_closed_period_never_change BEFORE UPDATE OR DELETE ON leads_action
    FOR EACH ROW EXECUTE FUNCTION actions_of_a_closed_period_never_change();
