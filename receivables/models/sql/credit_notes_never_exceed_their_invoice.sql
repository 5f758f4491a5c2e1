-- With the owner's rights, because locking a row needs the right to update it; the app locks the invoice earlier. Checked at the end of the transaction,
-- because lines, charges and taxes are written after their note. Drafts count: what they name is taken.
CREATE OR REPLACE FUNCTION credit_notes_never_exceed_their_invoice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    billed bigint := NEW.invoice_id;
BEGIN
    PERFORM FROM invoices_invoice WHERE id = billed FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM receivables_creditnote note WHERE note.id = NEW.id AND (
            note.subtotal <> (SELECT COALESCE(sum(part.amount), 0) FROM receivables_creditnoteline part WHERE part.note_id = note.id)
         OR note.tax <> (SELECT COALESCE(sum(part.amount), 0) FROM receivables_creditnotetax part WHERE part.note_id = note.id)
         OR EXISTS (SELECT FROM receivables_creditnoteline part JOIN invoices_invoiceline line ON line.id = part.line_id
                     WHERE part.note_id = note.id AND (line.invoice_id <> billed OR line.kind = 'credit_line'))
         OR note.carried_by_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM invoices_invoiceline carrier
                  JOIN invoices_invoice later ON later.id = carrier.invoice_id
                  JOIN invoices_invoice earlier ON earlier.id = billed
                 WHERE carrier.id = note.carried_by_id AND carrier.kind = 'credit_line' AND carrier.amount = -note.subtotal
                   AND later.customer_id = earlier.customer_id AND later.currency = earlier.currency)
         OR EXISTS (SELECT FROM receivables_creditnoteline part JOIN receivables_creditedcharge charge ON charge.line_id = part.id
                     WHERE part.note_id = note.id GROUP BY part.id, part.amount HAVING sum(charge.amount) <> part.amount)))
    THEN
        RAISE EXCEPTION 'A credit note is the sum of what it credits.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_credit_note_is_the_sum_of_what_it_credits';
    END IF;
    IF EXISTS (
            SELECT FROM receivables_creditnoteline part
              JOIN receivables_creditnote note ON note.id = part.note_id
              JOIN invoices_invoiceline line ON line.id = part.line_id
             WHERE note.invoice_id = billed
             GROUP BY line.id, line.amount
            HAVING sum(part.amount) NOT BETWEEN LEAST(line.amount, 0) AND GREATEST(line.amount, 0))
        OR EXISTS (
            SELECT FROM receivables_creditnotetax part
              JOIN receivables_creditnote note ON note.id = part.note_id
              LEFT JOIN invoices_invoicetax tax
                ON tax.invoice_id = note.invoice_id AND tax.name = part.name AND tax.rate = part.rate
               AND tax.line_id IS NULL
             WHERE note.invoice_id = billed
             GROUP BY part.name, part.rate
            HAVING min(tax.amount) IS NULL
                OR sum(part.base) NOT BETWEEN LEAST(min(tax.base), 0) AND GREATEST(min(tax.base), 0)
                OR sum(part.amount) NOT BETWEEN LEAST(min(tax.amount), 0) AND GREATEST(min(tax.amount), 0))
        OR (SELECT sum(note.subtotal) FROM receivables_creditnote note WHERE note.invoice_id = billed)
            > (SELECT GREATEST(COALESCE(sum(line.amount), 0), 0) FROM invoices_invoiceline line
                WHERE line.invoice_id = billed AND line.kind <> 'credit_line')
    THEN
        RAISE EXCEPTION 'Credit notes never credit more than their invoice charged.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_notes_never_exceed_their_invoice';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION credit_notes_never_exceed_their_invoice() FROM PUBLIC;

DROP TRIGGER IF EXISTS credit_notes_never_exceed_their_invoice ON receivables_creditnote;
CREATE CONSTRAINT TRIGGER credit_notes_never_exceed_their_invoice AFTER INSERT OR UPDATE ON receivables_creditnote
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credit_notes_never_exceed_their_invoice();
