-- With the owner's rights, because locking a row needs the right to update it. Items are locked in one order and added up later, so two allocations at once never match more than there is.
CREATE OR REPLACE FUNCTION allocations_never_exceed_their_items() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT credit_id FROM allocated UNION SELECT debit_id FROM allocated);
BEGIN
    PERFORM FROM receivables_ledgerdocument WHERE id = ANY(touched) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM allocated
          JOIN receivables_ledgerdocument credit ON credit.id = allocated.credit_id
          JOIN receivables_ledgerdocument debit ON debit.id = allocated.debit_id
         WHERE credit.side <> 'credit' OR debit.side <> 'debit'
            OR credit.customer_id <> debit.customer_id OR credit.currency <> debit.currency
            OR credit.seller_id IS DISTINCT FROM debit.seller_id)
    THEN
        RAISE EXCEPTION 'An allocation matches a credit item to a debit item of the same customer, company and currency.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_allocation_matches_credit_to_debit';
    END IF;
    IF EXISTS (
        SELECT FROM allocated
          JOIN receivables_ledgerdocument debit ON debit.id = allocated.debit_id
         WHERE allocated.customer_id <> debit.customer_id OR allocated.currency <> debit.currency
            OR allocated.seller_id IS DISTINCT FROM debit.seller_id
            OR allocated.due_on <> COALESCE(debit.due_on, debit.posted_on))
    THEN
        RAISE EXCEPTION 'An allocation says of its customer, company, currency and due day what its debit item says.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_allocation_repeats_its_debit_item';
    END IF;
    IF EXISTS (
        SELECT FROM allocated
          JOIN receivables_allocation taken ON taken.id = allocated.takes_back_id
         WHERE taken.amount <> -allocated.amount OR taken.credit_id <> allocated.credit_id
            OR taken.debit_id <> allocated.debit_id)
    THEN
        RAISE EXCEPTION 'An allocation is taken back whole, on both sides.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_allocation_is_taken_back_whole';
    END IF;
    IF EXISTS (
        SELECT FROM allocated
          JOIN receivables_ledgerdocument item ON item.id IN (allocated.credit_id, allocated.debit_id)
          LEFT JOIN receivables_allocation taken ON taken.id = allocated.takes_back_id
         WHERE allocated.posted_on < GREATEST(item.posted_on, taken.posted_on)
            OR allocated.recorded_at < GREATEST(item.recorded_at, taken.recorded_at))
    THEN
        RAISE EXCEPTION 'An allocation is never earlier than its items, nor than what it takes back.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_allocation_is_never_earlier_than_its_items';
    END IF;
    IF EXISTS (
        SELECT FROM receivables_ledgerdocument item
         WHERE item.id = ANY(touched)
           AND COALESCE((SELECT sum(made.amount) FROM receivables_allocation made WHERE made.credit_id = item.id),
                        (SELECT sum(received.amount) FROM receivables_allocation received WHERE received.debit_id = item.id))
               NOT BETWEEN 0 AND item.amount)
    THEN
        RAISE EXCEPTION 'Allocations never exceed what an item has left.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'allocations_never_exceed_their_items';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION allocations_never_exceed_their_items() FROM PUBLIC;

CREATE OR REPLACE TRIGGER allocations_never_exceed_their_items AFTER INSERT ON receivables_allocation
    REFERENCING NEW TABLE AS allocated FOR EACH STATEMENT EXECUTE FUNCTION allocations_never_exceed_their_items();
