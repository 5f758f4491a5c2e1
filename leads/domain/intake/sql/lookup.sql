-- The first statement of a delivery: it decides nothing. What is new, known or refused is decided in Python.
--
-- Planned once per connection and not once per request: so enable_seqscan is off (a plan made while a table was empty
-- would go on reading all of it after it has grown), and jit is off: compiling costs more than these short statements.
--
-- Everything that the items of a delivery may refer to, and numbers for what is new in it. Changes nothing.
-- With only_named, products are those of the customers named: then every item says whose product it means.
CREATE OR REPLACE FUNCTION intake_known(
    of_source bigint, of_customer bigint, skus text[], codes text[], only_named boolean, leads text[]
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
        'types', (SELECT coalesce(json_agg(json_build_array(id, code, largest_quantity, largest_value)), '[]')
                    FROM leads_actiontype),
        'periods', (SELECT coalesce(json_agg(json_build_array(id, customer_id, label, start_at, end_at)), '[]')
                      FROM leads_billingperiod WHERE customer_id = ANY (named) AND state = 'open' AND NOT is_sealed)
    );
END $$;
