-- A dispute keeps what it is about; it moves from open to decided, and once from rejected to a second look.
CREATE OR REPLACE FUNCTION a_dispute_moves_only_forward() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    may_become text[] := CASE OLD.state
        WHEN 'open' THEN '{open,waiting,accepted,in_part,rejected,withdrawn}'
        WHEN 'waiting' THEN '{waiting,open,accepted,in_part,rejected,withdrawn}'
        WHEN 'second_look' THEN '{second_look,accepted,in_part,rejected,withdrawn}'
        WHEN 'rejected' THEN CASE WHEN OLD.second_look_at IS NULL THEN '{second_look}' ELSE '{}' END
        ELSE '{}'
    END;
BEGIN
    IF NEW IS NULL THEN
        RAISE EXCEPTION 'A dispute is never deleted.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_dispute_moves_only_forward';
    END IF;
    IF to_jsonb(OLD) - '{state,decide_by,waits_since,second_look_at,proposed,decided_at,decided_by_id}'::text[]
       <> to_jsonb(NEW) - '{state,decide_by,waits_since,second_look_at,proposed,decided_at,decided_by_id}'::text[] THEN
        RAISE EXCEPTION 'What a dispute is about never changes.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_dispute_moves_only_forward';
    END IF;
    IF NEW.state <> ALL (may_become) THEN
        RAISE EXCEPTION 'A dispute does not move from % to %.', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_dispute_moves_only_forward';
    END IF;
    IF OLD.second_look_at IS NOT NULL AND NEW.second_look_at IS DISTINCT FROM OLD.second_look_at THEN
        RAISE EXCEPTION 'A second look is asked for once.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_dispute_moves_only_forward';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_dispute_moves_only_forward BEFORE UPDATE OR DELETE ON receivables_dispute
    FOR EACH ROW EXECUTE FUNCTION a_dispute_moves_only_forward();

-- A disputed charge keeps its amount, and its decision stands, unless a second look takes it up.
CREATE OR REPLACE FUNCTION a_disputed_charge_keeps_its_amount() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW IS NULL OR to_jsonb(OLD) - '{is_accepted,is_undecided}'::text[] <> to_jsonb(NEW) - '{is_accepted,is_undecided}'::text[]
       OR (OLD.is_accepted AND NOT OLD.is_undecided) THEN
        RAISE EXCEPTION 'What was disputed, and what was accepted of it, never changes.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_disputed_charge_keeps_its_amount';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_disputed_charge_keeps_its_amount BEFORE UPDATE OR DELETE ON receivables_disputedcharge
    FOR EACH ROW EXECUTE FUNCTION a_disputed_charge_keeps_its_amount();

-- What a customer was told, and what evidence was sent, stays, unless an erasure redacts a person in it.
CREATE OR REPLACE FUNCTION what_was_said_in_a_dispute_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND is_being_erased(TG_ARGV[0], OLD.id)
        AND to_jsonb(NEW) - '{words,name,content}'::text[] = to_jsonb(OLD) - '{words,name,content}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What was said and sent in a dispute never changes.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_was_said_in_a_dispute_never_changes';
END $$;

CREATE OR REPLACE TRIGGER what_was_said_in_a_dispute_never_changes BEFORE UPDATE OR DELETE ON receivables_disputestep
    FOR EACH ROW EXECUTE FUNCTION what_was_said_in_a_dispute_never_changes('dispute_step');
CREATE OR REPLACE TRIGGER what_was_said_in_a_dispute_never_changes BEFORE UPDATE OR DELETE ON receivables_disputefile
    FOR EACH ROW EXECUTE FUNCTION what_was_said_in_a_dispute_never_changes('dispute_file');
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_dispute
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_disputedcharge
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_disputestep
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_disputefile
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
