-- Checked at the end of the transaction: regenerating a draft opens its period and closes it again.
CREATE OR REPLACE FUNCTION a_period_reopens_only_for_a_recorded_reason() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM leads_billingperiod period WHERE period.id = OLD.id AND period.state <> 'closed')
        AND NOT EXISTS (
            SELECT FROM core_deed deed
             WHERE deed.objects @> ARRAY['leads.billingperiod:' || OLD.id]::varchar[]
               AND deed.at >= transaction_timestamp()
               AND deed.verb IN ('period_reopened', 'invoice_voided') AND deed.reason <> ''
        )
    THEN
        RAISE EXCEPTION 'A closed billing period is reopened only with a recorded reason.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_period_reopens_only_for_a_recorded_reason';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS a_period_reopens_only_for_a_recorded_reason ON leads_billingperiod;
CREATE CONSTRAINT TRIGGER a_period_reopens_only_for_a_recorded_reason AFTER UPDATE ON leads_billingperiod
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state = 'closed' AND NEW.state <> 'closed')
    EXECUTE FUNCTION a_period_reopens_only_for_a_recorded_reason();
