CREATE OR REPLACE FUNCTION what_was_received_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A delivery can''t change after it was received.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_was_received_never_changes';
END $$;

CREATE OR REPLACE TRIGGER what_was_received_never_changes BEFORE UPDATE OR DELETE ON leads_delivery
    FOR EACH ROW EXECUTE FUNCTION what_was_received_never_changes();
