-- A proof is only worth something if neither it nor what came before it can change.
CREATE OR REPLACE FUNCTION proofs_are_append_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A proof never changes.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'proofs_are_append_only';
END $$;

CREATE OR REPLACE FUNCTION a_proof_follows_the_last_one() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    before record;
BEGIN
    -- Two workers that add to one chain wait here for each other.
    PERFORM pg_advisory_xact_lock(hashtextextended('chain of proofs ' || COALESCE(NEW.seller_id, 0), 0));
    SELECT position, digest INTO before FROM invoices_invoiceproof
     WHERE seller_id IS NOT DISTINCT FROM NEW.seller_id ORDER BY position DESC LIMIT 1;
    IF NEW.position <> COALESCE(before.position, 0) + 1 OR NEW.previous <> COALESCE(before.digest, '') THEN
        RAISE EXCEPTION 'A proof follows the last one of its chain.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_proof_follows_the_last_one';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION a_proof_key_is_only_retired() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.valid_to IS NOT NULL
       OR (NEW.id, NEW.public, NEW.digest, NEW.valid_from) IS DISTINCT FROM (OLD.id, OLD.public, OLD.digest, OLD.valid_from)
    THEN
        RAISE EXCEPTION 'A proof key is only retired, once.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_proof_key_is_only_retired';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_proof_follows_the_last_one BEFORE INSERT ON invoices_invoiceproof
    FOR EACH ROW EXECUTE FUNCTION a_proof_follows_the_last_one();
CREATE OR REPLACE TRIGGER proofs_are_append_only BEFORE UPDATE OR DELETE ON invoices_invoiceproof
    FOR EACH ROW EXECUTE FUNCTION proofs_are_append_only();
CREATE OR REPLACE TRIGGER proofs_are_append_only BEFORE UPDATE OR DELETE ON invoices_proofpart
    FOR EACH ROW EXECUTE FUNCTION proofs_are_append_only();
CREATE OR REPLACE TRIGGER a_proof_key_is_only_retired BEFORE UPDATE OR DELETE ON invoices_proofkey
    FOR EACH ROW EXECUTE FUNCTION a_proof_key_is_only_retired();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON invoices_invoiceproof
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON invoices_proofpart
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON invoices_proofkey
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
