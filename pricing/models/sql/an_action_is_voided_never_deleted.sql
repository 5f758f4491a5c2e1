-- Charges refer to actions without a foreign key, so actions must stay.
CREATE OR REPLACE FUNCTION an_action_is_voided_never_deleted() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'An action is never deleted: void it.'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_action_is_voided_never_deleted';
END $$;

CREATE OR REPLACE TRIGGER an_action_is_voided_never_deleted BEFORE DELETE ON leads_action
    FOR EACH ROW EXECUTE FUNCTION an_action_is_voided_never_deleted();
