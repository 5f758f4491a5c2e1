-- The text of a deed, as the chain digests it: always the same, whatever columns or settings come later.
CREATE OR REPLACE FUNCTION deed_text(deed core_deed) RETURNS text LANGUAGE sql STABLE
    SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_array(
        deed.id, to_char(deed.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), deed.verb, deed.actor,
        deed.person_id, deed.actor_name, deed.task, deed.request, host(deed.address), deed.objects, deed.subject_name,
        deed.before, deed.after, deed.reason
    )::text
$$;

-- Give deeds that have none their place in the chain, in the order of their ids; return how many got one.
-- It runs after the deeds have committed, so that no writer waits for another writer.
CREATE OR REPLACE FUNCTION seal_deeds(most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    deed core_deed;
    head bytea;
    place bigint;
    sealed integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('seal_deeds'));
    SELECT last.position, last.digest INTO place, head
      FROM core_deed last WHERE last.position IS NOT NULL ORDER BY last.position DESC LIMIT 1;
    place := COALESCE(place, 0);
    head := COALESCE(head, '');
    FOR deed IN SELECT * FROM core_deed waiting WHERE waiting.position IS NULL ORDER BY waiting.id LIMIT most LOOP
        place := place + 1;
        sealed := sealed + 1;
        head := sha256(head || convert_to(deed_text(deed), 'UTF8'));
        UPDATE core_deed SET position = place, digest = head WHERE id = deed.id;
    END LOOP;
    RETURN sealed;
END $$;

REVOKE EXECUTE ON FUNCTION seal_deeds(integer) FROM PUBLIC;
