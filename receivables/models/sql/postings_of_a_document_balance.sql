-- Debit = credit exactly, and what a document moves on the receivable account is its open item. Checked at the end of the
-- transaction, because postings are written after their document.
CREATE OR REPLACE FUNCTION postings_of_a_document_balance() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    asked bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
BEGIN
    IF EXISTS (
        SELECT FROM receivables_ledgerdocument item
          LEFT JOIN receivables_posting posting ON posting.document_id = item.id
         WHERE item.id = asked
         GROUP BY item.id
        HAVING COALESCE(sum(posting.amount), 0) <> 0
            OR COALESCE(sum(posting.amount) FILTER (WHERE posting.account = 'receivable'), 0)
               <> CASE item.side WHEN 'debit' THEN item.amount WHEN 'credit' THEN -item.amount ELSE 0 END)
    THEN
        RAISE EXCEPTION 'The postings of document % do not balance.', asked
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'postings_of_a_document_balance';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS postings_of_a_document_balance ON receivables_ledgerdocument;
CREATE CONSTRAINT TRIGGER postings_of_a_document_balance AFTER INSERT ON receivables_ledgerdocument
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postings_of_a_document_balance('id');
DROP TRIGGER IF EXISTS postings_of_a_document_balance ON receivables_posting;
CREATE CONSTRAINT TRIGGER postings_of_a_document_balance AFTER INSERT ON receivables_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postings_of_a_document_balance('document_id');
