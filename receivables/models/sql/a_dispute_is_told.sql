-- A dispute has no document in the ledger: its deeds say that it was opened and decided.
CREATE OR REPLACE FUNCTION a_dispute_is_told() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    touched CONSTANT jsonb := (
        SELECT jsonb_object_agg(split_part(each, ':', 1), split_part(each, ':', 2)::bigint) FROM unnest(NEW.objects) each
         WHERE each LIKE 'leads.customer:%' OR each LIKE 'invoices.invoice:%' OR each LIKE 'receivables.dispute:%');
BEGIN
    IF touched ? 'leads.customer' THEN
        PERFORM tell_others(
            replace(NEW.verb, '_', '.'), (touched ->> 'leads.customer')::bigint, NEW.objects[1],
            jsonb_strip_nulls(jsonb_build_object(
                'dispute', touched -> 'receivables.dispute', 'invoice', touched -> 'invoices.invoice',
                'state', NEW.after -> 'state')));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER a_dispute_is_told AFTER INSERT ON core_deed
    FOR EACH ROW WHEN (NEW.verb IN ('dispute_opened', 'dispute_decided')) EXECUTE FUNCTION a_dispute_is_told();
