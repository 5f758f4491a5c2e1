-- A person of a customer never enters the admin, whatever a user or a script sets.
CREATE OR REPLACE FUNCTION a_customers_person_is_never_staff() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    is_both boolean;
BEGIN
    IF TG_TABLE_NAME = 'auth_user' THEN
        is_both := (NEW.is_staff OR NEW.is_superuser)
            AND EXISTS (SELECT 1 FROM accounts_customerperson WHERE user_id = NEW.id);
    ELSE
        is_both := EXISTS (SELECT 1 FROM auth_user WHERE id = NEW.user_id AND (is_staff OR is_superuser));
    END IF;
    IF is_both THEN
        RAISE EXCEPTION 'A person of a customer can''t be staff.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_customers_person_is_never_staff';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER a_customers_person_is_never_staff BEFORE UPDATE OF is_staff, is_superuser ON auth_user
    FOR EACH ROW WHEN (NEW.is_staff OR NEW.is_superuser) EXECUTE FUNCTION a_customers_person_is_never_staff();
CREATE OR REPLACE TRIGGER a_customers_person_is_never_staff BEFORE INSERT OR UPDATE ON accounts_customerperson
    FOR EACH ROW EXECUTE FUNCTION a_customers_person_is_never_staff();

-- TRUNCATE fires no row trigger.
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON auth_user
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON accounts_customerperson
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
