-- Scope and price are fixed; the name, end and state may still change.
CREATE OR REPLACE FUNCTION a_rule_in_force_is_revised_never_edited() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state <> 'draft'
        AND ROW (NEW.customer_id, NEW.product_id, NEW.category, NEW.source_id, NEW.channel, NEW.action_type_id,
                 NEW.priority, NEW.currency, NEW.wall_from, NEW.price_model, NEW.unit_price, NEW.free_units,
                 NEW.package_size, NEW.package_price, NEW.percent, NEW.fixed_fee, NEW.minimum, NEW.maximum,
                 NEW.free_actions, NEW.free_value, NEW.once_per, NEW.once_days, NEW.highest_only,
                 NEW.cap_per_lead, NEW.cap_per_period, NEW.first_revision_id)
            IS DISTINCT FROM
            ROW (OLD.customer_id, OLD.product_id, OLD.category, OLD.source_id, OLD.channel, OLD.action_type_id,
                 OLD.priority, OLD.currency, OLD.wall_from, OLD.price_model, OLD.unit_price, OLD.free_units,
                 OLD.package_size, OLD.package_price, OLD.percent, OLD.fixed_fee, OLD.minimum, OLD.maximum,
                 OLD.free_actions, OLD.free_value, OLD.once_per, OLD.once_days, OLD.highest_only,
                 OLD.cap_per_lead, OLD.cap_per_period, OLD.first_revision_id)
    THEN
        RAISE EXCEPTION 'A price rule in force is never edited: revise it.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_rule_in_force_is_revised_never_edited';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER a_rule_in_force_is_revised_never_edited BEFORE UPDATE OR DELETE ON pricing_pricerule
    FOR EACH ROW EXECUTE FUNCTION a_rule_in_force_is_revised_never_edited();
