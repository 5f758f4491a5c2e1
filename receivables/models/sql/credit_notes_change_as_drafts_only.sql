-- A credit line goes with the draft that carries it, or once that invoice is void; until then it stands with its invoice,
-- whose lines can't be deleted. A line that is gone was deleted a moment ago, with its draft.
CREATE OR REPLACE FUNCTION a_credit_line_may_go(line bigint) RETURNS boolean LANGUAGE sql STABLE
    SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM invoices_invoiceline carrier JOIN invoices_invoice invoice ON invoice.id = carrier.invoice_id
         WHERE carrier.id = line AND invoice.state NOT IN ('draft', 'void'))
$$;

-- An approved note is only issued or sent back; an issued one never changes, because its customer has it.
CREATE OR REPLACE FUNCTION credit_notes_change_as_drafts_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    approving CONSTANT text[] := ARRAY['state', 'approved_at', 'approved_by_id'];
    issuing CONSTANT text[] := ARRAY[
        'state', 'number', 'series_id', 'serial', 'issued_at', 'issued_by_id', 'issued_on', 'document_id', 'paper_id'];
BEGIN
    IF TG_OP = 'DELETE' AND (OLD.state = 'draft' OR OLD.state = 'line' AND a_credit_line_may_go(OLD.carried_by_id)) THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR NOT (
        OLD.state = 'draft' AND NEW.state IN ('draft', 'approved')
            AND to_jsonb(NEW) - approving IS NOT DISTINCT FROM to_jsonb(OLD) - approving
        OR OLD.state = 'approved' AND NEW.state = 'draft'
            AND to_jsonb(NEW) - approving IS NOT DISTINCT FROM to_jsonb(OLD) - approving
        OR OLD.state = 'approved' AND NEW.state = 'issued'
            AND to_jsonb(NEW) - issuing IS NOT DISTINCT FROM to_jsonb(OLD) - issuing)
    THEN
        RAISE EXCEPTION 'A credit note is drafted, approved and issued as it is; what is issued never changes.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_notes_change_as_drafts_only';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER credit_notes_change_as_drafts_only BEFORE UPDATE OR DELETE ON receivables_creditnote
    FOR EACH ROW EXECUTE FUNCTION credit_notes_change_as_drafts_only();

-- What a note credits is written with it and goes with it.
CREATE OR REPLACE FUNCTION what_a_credit_note_credits_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    of_note bigint := CASE TG_TABLE_NAME
        WHEN 'receivables_creditedcharge' THEN (
            SELECT line.note_id FROM receivables_creditnoteline line
             WHERE line.id = (to_jsonb(COALESCE(NEW, OLD)) ->> 'line_id')::bigint)
        ELSE (to_jsonb(COALESCE(NEW, OLD)) ->> 'note_id')::bigint END;
BEGIN
    IF TG_OP = 'UPDATE'
        OR EXISTS (SELECT FROM receivables_creditnote note
                    WHERE note.id = of_note AND note.state <> 'draft'
                      AND NOT (note.state = 'line' AND a_credit_line_may_go(note.carried_by_id)))
    THEN
        RAISE EXCEPTION 'What a credit note credits never changes.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_a_credit_note_credits_never_changes';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER what_a_credit_note_credits_never_changes
    BEFORE INSERT OR UPDATE OR DELETE ON receivables_creditnoteline
    FOR EACH ROW EXECUTE FUNCTION what_a_credit_note_credits_never_changes();
CREATE OR REPLACE TRIGGER what_a_credit_note_credits_never_changes
    BEFORE INSERT OR UPDATE OR DELETE ON receivables_creditedcharge
    FOR EACH ROW EXECUTE FUNCTION what_a_credit_note_credits_never_changes();
CREATE OR REPLACE TRIGGER what_a_credit_note_credits_never_changes
    BEFORE INSERT OR UPDATE OR DELETE ON receivables_creditnotetax
    FOR EACH ROW EXECUTE FUNCTION what_a_credit_note_credits_never_changes();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_creditnote
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_creditnoteline
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_creditedcharge
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON receivables_creditnotetax
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
