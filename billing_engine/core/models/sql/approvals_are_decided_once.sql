-- A request starts as waiting and is decided once, by a person who wrote no part of it; what was asked never changes.
CREATE OR REPLACE FUNCTION approvals_are_decided_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    decision CONSTANT text[] := ARRAY['state', 'decided_by_id', 'decided_at', 'words'];
    mailed CONSTANT text[] := ARRAY['mailed_at'];
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'waiting' AND NEW.asked_by_id = ANY (NEW.authors) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'waiting' AND NEW.state <> 'waiting'
        AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision
        AND (NEW.state <> 'approved' OR NOT NEW.decided_by_id = ANY (NEW.authors))
    THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.mailed_at IS NULL AND to_jsonb(NEW) - mailed = to_jsonb(OLD) - mailed THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A request for approval is decided once, by a person who wrote no part of it, and never changed.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'approvals_are_decided_once';
END $$;

CREATE OR REPLACE TRIGGER approvals_are_decided_once BEFORE INSERT OR UPDATE OR DELETE ON core_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION approvals_are_decided_once();
