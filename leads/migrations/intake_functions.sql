-- The two statements of a delivery, kept as functions so that PostgreSQL plans them once per connection and not once per
-- request. They decide nothing: what is new, known or refused is decided in leads/domain/intake/receive.py.
--
-- Their plans are kept, so enable_seqscan is off: one made while a table was empty would go on reading all of it after it
-- has grown. And jit is off: compiling costs more than these short statements.

-- Everything that the items of a delivery may refer to, and numbers for what is new in it. Changes nothing.
-- With only_named, products are those of the customers named: then every item says whose product it means.
CREATE FUNCTION intake_known(
    of_source bigint, of_customer bigint, skus text[], codes text[], only_named boolean, leads text[]
) RETURNS text LANGUAGE plpgsql SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    named bigint[];
    owners bigint[];
    known int;
    lead_rows json;
    product_owners bigint[];
    product_rows json;
BEGIN
    SELECT count(*), array_agg(DISTINCT product.customer_id),
           json_agg(json_build_array(lead.id, external_id, product_id, product.customer_id, person_key, is_test))
      INTO known, owners, lead_rows
      FROM leads_lead lead JOIN leads_product product ON product.id = lead.product_id
     WHERE lead.source_id = of_source AND lead.external_id = ANY (leads);
    named := ARRAY(SELECT id FROM leads_customer WHERE lower(code) = ANY (codes)) || of_customer;
    SELECT array_agg(DISTINCT customer_id), json_agg(json_build_array(id, customer_id, sku))
      INTO product_owners, product_rows
      FROM leads_product WHERE sku = ANY (skus) AND (NOT only_named OR customer_id = ANY (named));
    named := named || owners || product_owners;
    RETURN json_build_object(
        'delivery', nextval('leads_delivery_id_seq'),
        'lead_ids', (SELECT coalesce(json_agg(nextval('leads_lead_id_seq')), '[]')
                       FROM generate_series(1, cardinality(leads) - known)),
        'leads', coalesce(lead_rows, '[]'),
        'products', coalesce(product_rows, '[]'),
        'customers', (SELECT coalesce(json_agg(json_build_array(id, code, name, time_zone)), '[]')
                        FROM leads_customer WHERE id = ANY (named)),
        'types', (SELECT coalesce(json_agg(json_build_array(id, code)), '[]') FROM leads_actiontype),
        'periods', (SELECT coalesce(json_agg(json_build_array(id, customer_id, label)), '[]')
                      FROM leads_billingperiod WHERE customer_id = ANY (named) AND state = 'open')
    );
END $$;

-- Stores a delivery, if one is given, with its new leads and actions, given as rows of their tables in the order of their keys, so that
-- overlapping deliveries wait for each other in the same order. Marks the periods that have to be rated.
--
-- What was true when intake_known looked has to be true still: a row that somebody else has stored meanwhile violates
-- its unique constraint, and a period that was closed meanwhile is refused here. The caller then looks again.
CREATE FUNCTION intake_store(delivery jsonb, leads jsonb, actions jsonb, periods bigint[])
RETURNS void LANGUAGE plpgsql
    SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    still_open int;
BEGIN
    -- FOR KEY SHARE: a close (FOR UPDATE) waits for us and we for it; sources and ratings wait for nobody.
    PERFORM FROM leads_billingperiod WHERE id = ANY (periods) AND state = 'open' ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS still_open = ROW_COUNT;
    IF still_open <> cardinality(periods) THEN
        RAISE EXCEPTION 'A billing period was closed meanwhile.' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO leads_lead SELECT * FROM jsonb_populate_recordset(NULL::leads_lead, leads);
    INSERT INTO leads_action (id, lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity, value,
                              attributes, void_reason)
    SELECT coalesce(id, nextval('leads_action_id_seq')), lead_id, external_id, action_type_id, period_id, delivery_id,
           occurred_at, quantity, value, attributes, ''
      FROM jsonb_populate_recordset(NULL::leads_action, actions);
    INSERT INTO leads_unratedmark (period_id, reason, created_at)
    SELECT period, 'intake', now() FROM unnest(periods) AS period;
    IF delivery IS NOT NULL THEN
        INSERT INTO leads_delivery SELECT * FROM jsonb_populate_record(NULL::leads_delivery, delivery);
    END IF;
END $$;
