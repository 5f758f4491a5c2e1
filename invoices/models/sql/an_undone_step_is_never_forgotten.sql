CREATE OR REPLACE FUNCTION an_undone_step_is_never_forgotten() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    -- Only the draft may change: it is regenerated or deleted.
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'invoice_id' = to_jsonb(OLD) - 'invoice_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The record of an undone step cannot be changed or deleted.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_undone_step_is_never_forgotten';
END $$;

CREATE OR REPLACE TRIGGER an_undone_step_is_never_forgotten BEFORE UPDATE OR DELETE ON invoices_undonestep
    FOR EACH ROW EXECUTE FUNCTION an_undone_step_is_never_forgotten();
