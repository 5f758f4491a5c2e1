-- The two statements of a delivery, kept as functions so that PostgreSQL plans them once per connection and not once per
-- request. They decide nothing: what is new, known or refused is decided in leads/domain/intake.py.
--
-- enable_seqscan is off inside them because their plans are kept: one made while a table was empty would go on reading
-- all of it after it has grown.

-- Everything that the items of a delivery may refer to, and numbers for what is new in it. Changes nothing.
CREATE FUNCTION intake_known(of_source bigint, of_customer bigint, skus text[], codes text[], leads text[], actions int)
RETURNS text LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
        WITH lead AS MATERIALIZED (
            SELECT lead.id, lead.external_id, lead.product_id, product.customer_id, lead.person_key, lead.is_test
              FROM unnest(leads) AS sent (id)
              JOIN leads_lead lead ON lead.source_id = of_source AND lead.external_id = sent.id
              JOIN leads_product product ON product.id = lead.product_id
        ), product AS MATERIALIZED (
            SELECT id, customer_id, sku FROM leads_product WHERE sku = ANY (skus)
        ), customer AS MATERIALIZED (
            SELECT id, code, name, time_zone FROM leads_customer WHERE id IN (
                SELECT customer_id FROM lead UNION SELECT customer_id FROM product UNION SELECT of_customer
                 UNION SELECT id FROM leads_customer WHERE code = ANY (codes))
        )
        SELECT json_build_object(
            'delivery', nextval('leads_delivery_id_seq'),
            'lead_ids', (SELECT coalesce(json_agg(nextval('leads_lead_id_seq')), '[]')
                           FROM generate_series(1, cardinality(leads) - (SELECT count(*) FROM lead))),
            'action_ids', (SELECT coalesce(json_agg(nextval('leads_action_id_seq')), '[]') FROM generate_series(1, actions)),
            'leads', (SELECT coalesce(json_agg(json_build_array(id, external_id, product_id, customer_id, person_key, is_test)), '[]')
                        FROM lead),
            'products', (SELECT coalesce(json_agg(json_build_array(id, customer_id, sku)), '[]') FROM product),
            'customers', (SELECT coalesce(json_agg(json_build_array(id, code, name, time_zone)), '[]') FROM customer),
            'types', (SELECT coalesce(json_agg(json_build_array(id, code)), '[]') FROM leads_actiontype),
            'periods', (SELECT coalesce(json_agg(json_build_array(id, customer_id, label)), '[]') FROM leads_billingperiod
                         WHERE customer_id IN (SELECT id FROM customer) AND state = 'open')
        )
    );
END $$;

-- Stores a delivery with its new leads and actions, given as rows of their tables in the order of their keys, so that
-- overlapping deliveries wait for each other in the same order. Marks those periods that have to be rated.
--
-- What was true when intake_known looked has to be true still: a row that somebody else has stored meanwhile violates
-- its unique constraint, and a period that was closed meanwhile is refused here. The caller then looks again.
CREATE FUNCTION intake_store(delivery jsonb, leads jsonb, actions jsonb, periods bigint[])
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    held_open int;
BEGIN
    -- FOR KEY SHARE: a close (FOR UPDATE) waits for us and we for it; sources and ratings wait for nobody.
    PERFORM FROM leads_billingperiod WHERE id = ANY (periods) AND state = 'open' ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS held_open = ROW_COUNT;
    IF held_open <> cardinality(periods) THEN
        RAISE EXCEPTION 'A billing period was closed meanwhile.' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO leads_lead SELECT * FROM jsonb_populate_recordset(NULL::leads_lead, leads);
    INSERT INTO leads_action SELECT * FROM jsonb_populate_recordset(NULL::leads_action, actions);
    INSERT INTO leads_unratedmark (period_id, reason, created_at)
    SELECT period, 'intake', now() FROM unnest(periods) AS period;
    INSERT INTO leads_delivery SELECT * FROM jsonb_populate_record(NULL::leads_delivery, delivery);
END $$;
