-- The history of a draft is deleted with the draft, and only so. That runs with the owner's rights, because the app may
-- not delete history: it could remove who wrote a draft, and then activate it alone.
CREATE OR REPLACE FUNCTION the_history_of_a_rule_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM pricing_pricerule rule WHERE rule.id = OLD.rule_id AND rule.state = 'draft') THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The history of a price rule can''t change.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'the_history_of_a_rule_never_changes';
END $$;

CREATE OR REPLACE TRIGGER the_history_of_a_rule_never_changes BEFORE UPDATE OR DELETE ON pricing_rulechange
    FOR EACH ROW EXECUTE FUNCTION the_history_of_a_rule_never_changes();

CREATE OR REPLACE FUNCTION a_draft_is_deleted_with_its_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM pricing_rulechange WHERE rule_id = OLD.id AND OLD.state = 'draft';
    RETURN OLD;
END $$;

REVOKE EXECUTE ON FUNCTION a_draft_is_deleted_with_its_history() FROM PUBLIC;

CREATE OR REPLACE TRIGGER a_draft_is_deleted_with_its_history BEFORE DELETE ON pricing_pricerule
    FOR EACH ROW EXECUTE FUNCTION a_draft_is_deleted_with_its_history();
