-- A revision in force stays as it is: a change is another revision. A pending one may be put in force or withdrawn; it keeps
-- its subject, its first day, its author, and what it sets.
CREATE OR REPLACE FUNCTION terms_in_force_never_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    is_now jsonb := to_jsonb(NEW);
    term text;
BEGIN
    IF OLD.in_force_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL OR NEW IS NULL THEN
        RAISE EXCEPTION 'Terms that were in force, or are in force, never change and are never deleted.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'terms_in_force_never_change';
    END IF;
    FOREACH term IN ARRAY OLD.changed || ARRAY['changed', 'first_day', 'reason', 'written_at', 'written_by_id', TG_ARGV[0]] LOOP
        term := CASE WHEN was ? term THEN term ELSE term || '_id' END;
        IF was -> term IS DISTINCT FROM is_now -> term THEN
            RAISE EXCEPTION 'Terms that wait for approval can be approved or withdrawn, but their % never changes.', term
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'terms_in_force_never_change';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER terms_in_force_never_change BEFORE UPDATE OR DELETE ON leads_customerterms
    FOR EACH ROW EXECUTE FUNCTION terms_in_force_never_change('customer_id');
CREATE OR REPLACE TRIGGER terms_in_force_never_change BEFORE UPDATE OR DELETE ON leads_companydetails
    FOR EACH ROW EXECUTE FUNCTION terms_in_force_never_change('company_id');
