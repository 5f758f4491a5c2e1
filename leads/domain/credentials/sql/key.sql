-- The first statement of every request of a source; leads/domain/intake/sql/lookup.sql explains these settings.
-- It decides nothing but what the index answers: the key that has this prefix, unless it was revoked or its source is inactive.
-- Returns the key and its source as objects, whose members are those of the structs in api_keys.py.
CREATE OR REPLACE FUNCTION api_key_known(of_prefix text) RETURNS text LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
                   'key', json_build_object(
                       'id', key.id, 'expires_at', key.expires_at, 'last_used_at', key.last_used_at,
                       'revoked_at', key.revoked_at, 'source_id', key.source_id, 'prefix', key.prefix,
                       'digest', key.digest, 'scopes', key.scopes, 'is_test', key.is_test,
                       'used_from', key.used_from),
                   'source', json_build_object(
                       'id', source.id, 'code', source.code, 'name', source.name, 'is_active', source.is_active,
                       'customer_id', source.customer_id, 'new_products', source.new_products,
                       'default_country', source.default_country, 'requests_per_minute', source.requests_per_minute,
                       'signature_required', source.signature_required),
                   'sends_records', EXISTS (
                       SELECT 1 FROM leads_sourcemapping mapping
                        WHERE mapping.source_id = source.id AND mapping.door = 'api' AND mapping.is_active))
          FROM leads_apikey key JOIN leads_source source ON source.id = key.source_id
         WHERE key.prefix = of_prefix AND key.revoked_at IS NULL AND source.is_active
    );
END $$;
