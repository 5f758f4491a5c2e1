-- The first statement of a delivery. It decides nothing: Python decides what is new, known or refused.
-- Planned once per connection, not once per request. So enable_seqscan is off (a plan made for an empty table would go on
-- reading all of it after it has grown), and jit is off, because compiling costs more than these short statements.
-- Returns everything that the items of a delivery may refer to, and IDs for new rows. Changes nothing.
-- Rows are returned as objects, whose members are those of the structs in lookup.py.
-- Persons are pseudonyms; those of them whose contact data was erased are returned.
-- With only_named, every item names its customer, so only the products of the named customers are returned.
CREATE OR REPLACE FUNCTION intake_known(
    of_source bigint, of_customer bigint, skus text[], codes text[], only_named boolean, leads text[], persons text[]
) RETURNS text LANGUAGE plpgsql
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    named bigint[];
    owners bigint[];
    known int;
    lead_rows json;
    product_owners bigint[];
    product_rows json;
BEGIN
    SELECT count(*), array_agg(DISTINCT lead.customer), json_agg(lead)
      INTO known, owners, lead_rows
      FROM (SELECT lead.id, external_id, product_id AS product, product.customer_id AS customer, person_key, is_test
              FROM leads_lead lead JOIN leads_product product ON product.id = lead.product_id
             WHERE lead.source_id = of_source AND lead.external_id = ANY (leads)) lead;
    named := ARRAY(SELECT id FROM leads_customer WHERE lower(code) = ANY (codes)) || of_customer;
    SELECT array_agg(DISTINCT product.customer_id), json_agg(product)
      INTO product_owners, product_rows
      FROM (SELECT id, customer_id, sku
              FROM leads_product WHERE sku = ANY (skus) AND (NOT only_named OR customer_id = ANY (named))) product;
    named := named || owners || product_owners;
    RETURN json_build_object(
        'delivery', nextval('leads_delivery_id_seq'),
        'lead_ids', (SELECT coalesce(json_agg(nextval('leads_lead_id_seq')), '[]')
                       FROM generate_series(1, cardinality(leads) - known)),
        'leads', coalesce(lead_rows, '[]'),
        'erased', ARRAY(SELECT DISTINCT person_key FROM leads_lead
                         WHERE person_key = ANY (persons) AND person_key <> ''),
        'products', coalesce(product_rows, '[]'),
        'customers', (SELECT coalesce(json_agg(customer), '[]')
                        FROM (SELECT id, code, name, time_zone
                                FROM leads_customer WHERE id = ANY (named)) customer),
        'types', (SELECT coalesce(json_agg(kind), '[]')
                    FROM (SELECT type.id, code, limits
                            FROM leads_actiontype type
                            JOIN (SELECT action_type_id, json_agg(json_build_object(
                                         'first_day', first_day, 'largest_quantity', largest_quantity,
                                         'largest_value', largest_value) ORDER BY first_day, in_force_at, id) AS limits
                                    FROM leads_actiontyperevision
                                   WHERE in_force_at IS NOT NULL
                                   GROUP BY action_type_id) revision ON revision.action_type_id = type.id) kind),
        'periods', (SELECT coalesce(json_agg(period), '[]')
                      FROM (SELECT id, customer_id, start_at, end_at
                              FROM leads_billingperiod
                             WHERE customer_id = ANY (named) AND state = 'open' AND NOT is_sealed) period),
        'awaited', (SELECT coalesce(json_agg(id), '[]')
                      FROM leads_quarantineditem
                     WHERE source_id = of_source AND lead_external_id = ANY (leads)
                       AND state = 'waiting' AND waits_until IS NOT NULL)
    );
END $$;
