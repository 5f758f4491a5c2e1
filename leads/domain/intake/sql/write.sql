-- The second statement of a delivery; lookup.sql is the first and explains these settings.
-- Stores a delivery, if given, with its new leads and actions, given as rows in the order of their keys, so that overlapping
-- deliveries wait for each other in the same order. Marks the periods that have to be rated.
-- What intake_known found must still be true: a row stored concurrently violates its unique constraint, and a period closed
-- concurrently is refused here. The caller then looks up again.
CREATE OR REPLACE FUNCTION intake_store(delivery jsonb, leads jsonb, actions jsonb, periods bigint[])
RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    still_open int;
BEGIN
    -- FOR KEY SHARE: we and a close (FOR UPDATE) wait for each other; other deliveries and ratings don't wait.
    PERFORM FROM leads_billingperiod WHERE id = ANY (periods) AND state = 'open' AND NOT is_sealed
      ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS still_open = ROW_COUNT;
    IF still_open <> cardinality(periods) THEN
        RAISE EXCEPTION 'A billing period was closed concurrently.' USING ERRCODE = 'serialization_failure';
    END IF;
    -- Columns are named, so that a column added by a later release gets its default while this release still runs.
    INSERT INTO leads_lead (id, source_id, delivery_id, received_at, external_id, product_id, name, email, person_key,
                            phone, firm, country, region, campaign, is_test, occurred_at, consent, attributes)
    SELECT id, source_id, delivery_id, received_at, external_id, product_id, name, email, person_key,
           phone, firm, country, region, campaign, is_test, occurred_at, consent, attributes
      FROM jsonb_populate_recordset(NULL::leads_lead, leads);
    INSERT INTO leads_action (id, lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity,
                              value, attributes, void_reason)
    SELECT coalesce(id, nextval('leads_action_id_seq')), lead_id, external_id, action_type_id, period_id, delivery_id,
           occurred_at, quantity, value, attributes, ''
      FROM jsonb_populate_recordset(NULL::leads_action, actions);
    INSERT INTO leads_unratedmark (period_id, reason, created_at)
    SELECT period, 'intake', now() FROM unnest(periods) AS period;
    IF delivery IS NOT NULL THEN
        INSERT INTO leads_delivery (
            id, source_id, received_at, sent_at, name, content_type, body, body_size, body_sha256, answer, batch_id,
            idempotency_key, leads_received, leads_created, leads_updated, leads_duplicate, leads_conflict,
            leads_quarantined, leads_test, actions_received, actions_created, actions_updated, actions_duplicate,
            actions_conflict, actions_quarantined, actions_test, lines_read, lines_taken, lines_blank, lines_refused,
            is_test
        )
        SELECT
            id, source_id, received_at, sent_at, name, content_type, body, body_size, body_sha256, answer, batch_id,
            idempotency_key, leads_received, leads_created, leads_updated, leads_duplicate, leads_conflict,
            leads_quarantined, leads_test, actions_received, actions_created, actions_updated, actions_duplicate,
            actions_conflict, actions_quarantined, actions_test, lines_read, lines_taken, lines_blank, lines_refused,
            is_test
          FROM jsonb_populate_record(NULL::leads_delivery, '{"is_test": false}' || delivery);
        -- Its deed, unless what asked for it is the deed (a repair).
        INSERT INTO core_deed (verb, actor, person_id, actor_name, task, request, address, objects, subject_name, before,
                               after, reason)
        SELECT verb, actor, person_id, actor_name, task, request, address, objects, subject_name, before, after, reason
          FROM jsonb_populate_record(NULL::core_deed, nullif(delivery -> 'deed', 'null')) WHERE verb IS NOT NULL;
    END IF;
END $$;
