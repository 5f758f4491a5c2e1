CREATE OR REPLACE FUNCTION tiers_of_a_rule_in_force_never_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pricing_pricerule rule WHERE rule.id IN (OLD.rule_id, NEW.rule_id) AND rule.state <> 'draft'
    )
    THEN
        RAISE EXCEPTION 'A price rule in force is never edited: revise it.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'tiers_of_a_rule_in_force_never_change';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER tiers_of_a_rule_in_force_never_change BEFORE INSERT OR UPDATE OR DELETE ON pricing_pricetier
    FOR EACH ROW EXECUTE FUNCTION tiers_of_a_rule_in_force_never_change();
