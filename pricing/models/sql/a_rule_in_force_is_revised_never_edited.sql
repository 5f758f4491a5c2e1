-- A rule in force only ends: its end moves to an earlier time, and it may be retired. It never becomes a draft again.
CREATE OR REPLACE FUNCTION a_rule_in_force_is_revised_never_edited() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    ending CONSTANT text[] := ARRAY['state', 'wall_to', 'retired_at', 'retired_by_id'];
BEGIN
    IF OLD.state <> 'draft' AND NOT COALESCE(
        to_jsonb(NEW) - ending = to_jsonb(OLD) - ending
            AND (NEW.state = OLD.state OR OLD.state = 'active' AND NEW.state = 'retired')
            AND (NEW.wall_to IS NOT DISTINCT FROM OLD.wall_to OR NEW.wall_to < COALESCE(OLD.wall_to, 'infinity')),
        FALSE
    )
    THEN
        RAISE EXCEPTION 'A price rule in force is never edited: revise it.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_rule_in_force_is_revised_never_edited';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER a_rule_in_force_is_revised_never_edited BEFORE UPDATE OR DELETE ON pricing_pricerule
    FOR EACH ROW EXECUTE FUNCTION a_rule_in_force_is_revised_never_edited();
