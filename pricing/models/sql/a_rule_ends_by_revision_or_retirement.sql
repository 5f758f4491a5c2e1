-- Checked at the end of the transaction, which also writes the deed and the revision.
CREATE OR REPLACE FUNCTION a_rule_ends_by_revision_or_retirement() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    rule pricing_pricerule;
BEGIN
    SELECT * INTO rule FROM pricing_pricerule WHERE id = NEW.id;
    IF EXISTS (
        SELECT FROM core_deed deed
         WHERE deed.objects @> ARRAY['pricing.pricerule:' || rule.id]::varchar[] AND deed.at >= transaction_timestamp()
           AND (deed.verb = 'price_rule_retired' AND OLD.state = 'active' AND rule.state = 'retired'
                OR deed.verb = 'price_rule_activated' AND NEW.state = OLD.state AND EXISTS (
                    SELECT FROM pricing_pricerule next
                     WHERE next.revises_id = rule.id AND next.state <> 'draft'
                       AND rule.wall_to IN (next.wall_from, rule.wall_from)
                ))
    )
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'A price rule ends only by its revision or when it is retired, with a deed on record.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_rule_ends_by_revision_or_retirement';
END $$;

DROP TRIGGER IF EXISTS a_rule_ends_by_revision_or_retirement ON pricing_pricerule;
CREATE CONSTRAINT TRIGGER a_rule_ends_by_revision_or_retirement AFTER UPDATE ON pricing_pricerule
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.state <> 'draft' AND (OLD.state <> NEW.state OR OLD.wall_to IS DISTINCT FROM NEW.wall_to))
    EXECUTE FUNCTION a_rule_ends_by_revision_or_retirement();
