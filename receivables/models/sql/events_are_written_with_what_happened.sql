-- The outbox: an event stands in the transaction of what it tells, so nothing is told that was rolled back. The apps below
-- do not know it. Nothing is written while there is no endpoint and no subscription. IDs and sums only.
CREATE OR REPLACE FUNCTION tell_others(kind text, customer bigint, subject text, data jsonb) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM receivables_webhookendpoint) OR EXISTS (SELECT FROM receivables_eventsubscription) THEN
        INSERT INTO receivables_webhookevent (uid, kind, customer_id, subject, cause, data)
        VALUES (gen_random_uuid(), kind, customer, subject, '', data);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION a_posted_document_is_told() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    -- An invoice below zero, and its void.
    is_below_zero boolean := NEW.kind = 'invoice' AND NEW.side = 'credit' OR NEW.kind = 'void' AND NEW.side = 'debit';
BEGIN
    PERFORM tell_others(
        CASE NEW.kind WHEN 'invoice' THEN 'invoice.issued' WHEN 'void' THEN 'invoice.voided'
            WHEN 'credit_note' THEN 'credit_note.issued' ELSE 'payment.received' END,
        NEW.customer_id,
        CASE WHEN NEW.kind IN ('invoice', 'void') THEN 'invoices.invoice:' || NEW.invoice_id
            ELSE 'receivables.ledgerdocument:' || NEW.id END,
        jsonb_strip_nulls(jsonb_build_object(
            'invoice', NEW.invoice_id, 'document', NEW.id,
            'reference', CASE WHEN NEW.kind <> 'payment' THEN NEW.reference END,
            'amount', trim_scale(CASE WHEN is_below_zero THEN -NEW.amount ELSE NEW.amount END)::text,
            'currency', NEW.currency, 'posted_on', NEW.posted_on, 'due_on', NEW.due_on)));
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER a_posted_document_is_told AFTER INSERT ON receivables_ledgerdocument
    FOR EACH ROW WHEN (NEW.kind IN ('invoice', 'void', 'credit_note', 'payment'))
    EXECUTE FUNCTION a_posted_document_is_told();

-- An invoice is paid when an allocation leaves nothing open; one that is void or written off is not paid.
CREATE OR REPLACE FUNCTION a_paid_invoice_is_told() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM tell_others(
        'invoice.paid', paid.customer_id, 'invoices.invoice:' || paid.invoice_id,
        jsonb_build_object(
            'invoice', paid.invoice_id, 'document', paid.id, 'reference', paid.reference,
            'amount', trim_scale(paid.amount)::text, 'currency', paid.currency,
            'by_payments', trim_scale(paid.by_payments)::text, 'by_credit', trim_scale(paid.by_credit)::text))
       FROM (
        SELECT item.id, item.customer_id, item.invoice_id, item.reference, item.amount, item.currency,
               COALESCE(sum(made.amount) FILTER (WHERE credit.kind = 'payment'), 0) AS by_payments,
               COALESCE(sum(made.amount) FILTER (WHERE credit.kind <> 'payment'), 0) AS by_credit
          FROM receivables_ledgerdocument item
          JOIN receivables_allocation made ON made.debit_id = item.id
          JOIN receivables_ledgerdocument credit ON credit.id = made.credit_id
         WHERE item.kind = 'invoice' AND item.id IN (SELECT debit_id FROM allocated WHERE amount > 0)
         GROUP BY item.id
        HAVING sum(made.amount) = item.amount
           AND COALESCE(sum(made.amount) FILTER (WHERE credit.kind IN ('void', 'write_off')), 0) = 0
         ORDER BY item.id
       ) paid;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER a_paid_invoice_is_told AFTER INSERT ON receivables_allocation
    REFERENCING NEW TABLE AS allocated FOR EACH STATEMENT EXECUTE FUNCTION a_paid_invoice_is_told();

CREATE OR REPLACE FUNCTION a_closed_period_is_told() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM tell_others(
        'period.closed', NEW.customer_id, 'leads.billingperiod:' || NEW.id,
        jsonb_build_object('period', NEW.id, 'label', NEW.label, 'start_at', NEW.start_at, 'end_at', NEW.end_at));
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER a_closed_period_is_told AFTER UPDATE OF state ON leads_billingperiod
    FOR EACH ROW WHEN (OLD.state <> 'closed' AND NEW.state = 'closed') EXECUTE FUNCTION a_closed_period_is_told();
