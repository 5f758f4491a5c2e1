-- Charges have no foreign keys; this makes the same checks once per statement.
CREATE OR REPLACE FUNCTION charges_name_a_period_and_a_rule_in_force() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT period_id, rule_id FROM touched) named
          LEFT JOIN leads_billingperiod period ON period.id = period_id
          LEFT JOIN pricing_pricerule rule ON rule.id = rule_id
         WHERE period.id IS NULL OR (rule_id IS NOT NULL AND COALESCE(rule.state, 'draft') = 'draft')
    )
    THEN
        RAISE EXCEPTION 'A charge needs a billing period, and a price rule that is or was in force.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'charges_name_a_period_and_a_rule_in_force';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER charges_name_a_period_and_a_rule_in_force AFTER INSERT ON pricing_charge
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION charges_name_a_period_and_a_rule_in_force();
