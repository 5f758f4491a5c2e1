CREATE OR REPLACE FUNCTION a_settled_mail_never_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state <> 'waiting' THEN
        RAISE EXCEPTION 'A settled email stays on record and cannot be changed. To send it again, create a new email.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_settled_mail_never_changes';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER a_settled_mail_never_changes BEFORE UPDATE OR DELETE ON invoices_invoicemail
    FOR EACH ROW EXECUTE FUNCTION a_settled_mail_never_changes();
