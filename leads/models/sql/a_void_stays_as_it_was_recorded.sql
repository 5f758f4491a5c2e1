-- A void is recorded once. That it came after the close is noted with it, and is removed when the period is reopened.
-- An import that is being undone takes back what it voided: by its parts, and by items of them that joined by themselves.
CREATE OR REPLACE FUNCTION is_being_taken_back(action bigint) RETURNS boolean LANGUAGE sql STABLE
    SET search_path = public, pg_temp AS $$
    WITH RECURSIVE voiding (delivery_id) AS (
        SELECT split_part(deed.objects[CASE deed.verb WHEN 'delivery_received' THEN 1 ELSE 2 END], ':', 2)::bigint
          FROM core_deed deed
         WHERE deed.objects @> ARRAY['leads.action:' || action]::varchar[]
           AND deed.verb IN ('delivery_received', 'quarantined_item_joined')
        UNION
        SELECT item.delivery_id
          FROM voiding
          JOIN leads_quarantinestep step ON step.delivery_id = voiding.delivery_id AND step.kind = 'joined'
          JOIN leads_quarantineditem item ON item.id = step.item_id
    )
    SELECT EXISTS (
        SELECT FROM voiding
          JOIN leads_fileimportpart part ON part.delivery_id = voiding.delivery_id
          JOIN leads_fileimport import ON import.id = part.file_import_id
         WHERE import.state = 'undoing'
    )
$$;

CREATE OR REPLACE FUNCTION a_void_stays_as_it_was_recorded() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL AND NEW.void_reason = '' AND is_being_taken_back(OLD.id) THEN
        RETURN NEW;
    END IF;
    IF OLD.voided_at IS NOT NULL
        AND ROW (NEW.voided_at, NEW.void_reason) IS DISTINCT FROM ROW (OLD.voided_at, OLD.void_reason)
        OR NEW.voided_at IS NULL AND NEW.void_reason <> OLD.void_reason
        OR NEW.voided_after_close AND NOT OLD.voided_after_close
            AND (OLD.voided_at IS NOT NULL
                 OR (SELECT state FROM leads_billingperiod WHERE id = OLD.period_id) <> 'closed')
    THEN
        RAISE EXCEPTION 'A void stays as it was recorded.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_void_stays_as_it_was_recorded';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_void_stays_as_it_was_recorded BEFORE UPDATE ON leads_action
    FOR EACH ROW EXECUTE FUNCTION a_void_stays_as_it_was_recorded();
