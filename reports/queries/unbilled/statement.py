"""The SQL of unbilled activity: the periods that had no issued invoice at the end of one of two days.

A day ends at its last midnight in the customer's time zone. An invoice counts from its date, as in the books, until it is
voided, so a draft does not. Amounts come from the roll-up, and actions are only read where they arrived or changed after the
day, or wait for rating.
"""

# `opens_at` and `closes_at` are the ends of the previous day and of the day asked for. A period that was invoiced at both
# has no row, but may have activity of the days between: it was voided and billed again, with late activity that occurred
# after its own end. The last SELECT is a FULL JOIN, so that no currency's activity is left out of the bridge.
PERIODS = """
    WITH customer AS MATERIALIZED (
        SELECT customer.id, customer.code, customer.name, customer.currency, customer.time_zone,
               (%(previous)s::date + 1)::timestamp AT TIME ZONE customer.time_zone AS opens_at,
               (%(day)s::date + 1)::timestamp AT TIME ZONE customer.time_zone AS closes_at
          FROM leads_customer customer
    ), invoiced AS MATERIALIZED (
        SELECT invoice.period_id,
               bool_or(invoice.issued_on <= %(previous)s AND (invoice.voided_at IS NULL OR invoice.voided_at >= opens_at)) AS was,
               bool_or(invoice.issued_on <= %(day)s AND (invoice.voided_at IS NULL OR invoice.voided_at >= closes_at)) AS is,
               max(invoice.id) FILTER (WHERE invoice.state <> 'void') AS live
          FROM invoices_invoice invoice
          JOIN customer ON customer.id = invoice.customer_id
         GROUP BY 1
    ), period AS MATERIALIZED (
        SELECT period.id, period.label, period.start_at, period.end_at, period.state,
               customer.id AS customer_id, customer.code, customer.name, customer.currency, customer.time_zone,
               customer.closes_at, COALESCE(invoiced.was, FALSE) AS was, COALESCE(invoiced.is, FALSE) AS is,
               invoiced.period_id IS NOT NULL AS has_invoice, invoiced.live
          FROM leads_billingperiod period
          JOIN customer ON customer.id = period.customer_id
          LEFT JOIN invoiced ON invoiced.period_id = period.id
         WHERE NOT (COALESCE(invoiced.was, FALSE) AND COALESCE(invoiced.is, FALSE))
    ), activity AS (
        SELECT daily.period_id, sum(daily.actions)::bigint AS actions,
               COALESCE(sum(daily.actions) FILTER (WHERE daily.outcome IN ('charged', 'included')), 0)::bigint AS charged,
               COALESCE(sum(daily.actions) FILTER (WHERE daily.outcome = 'unrated'), 0)::bigint AS unrated,
               COALESCE(sum(daily.amount) FILTER (WHERE daily.day <= %(previous)s), 0) AS before,
               sum(daily.amount) AS amount
          FROM period
          JOIN pricing_dailyactivity daily ON daily.period_id = period.id AND daily.day <= %(day)s
         GROUP BY 1
    ), marked AS (
        SELECT period.id AS period_id, count(*) AS actions
          FROM period
          JOIN leads_action action ON action.period_id = period.id AND action.occurred_at < period.closes_at
         WHERE NOT period.is AND EXISTS (SELECT FROM leads_unratedmark mark WHERE mark.period_id = period.id)
         GROUP BY 1
    ), arrived AS (
        SELECT action.period_id, count(*) AS actions, COALESCE(sum(charge.amount), 0) AS amount
          FROM period
          JOIN leads_action action ON action.period_id = period.id AND action.occurred_at < period.closes_at
          JOIN leads_delivery delivery ON delivery.id = action.delivery_id
          LEFT JOIN pricing_charge charge ON charge.action_id = action.id
         WHERE NOT period.is AND action.delivery_id >= %(first_delivery)s AND delivery.received_at >= period.closes_at
         GROUP BY 1
    ), voided AS (
        SELECT action.period_id, count(*) AS actions
          FROM leads_action action
          JOIN period ON period.id = action.period_id
          JOIN leads_delivery delivery ON delivery.id = action.delivery_id AND delivery.received_at < period.closes_at
         WHERE action.voided_at >= %(first_change)s AND action.voided_at >= period.closes_at
           AND NOT action.voided_after_close AND action.occurred_at < period.closes_at AND NOT period.is
         GROUP BY 1
    ), waived AS (
        SELECT action.period_id, count(*) AS actions
          FROM pricing_waiver waiver
          JOIN leads_action action ON action.id = waiver.action_id
          JOIN period ON period.id = action.period_id
          JOIN leads_delivery delivery ON delivery.id = action.delivery_id AND delivery.received_at < period.closes_at
         WHERE waiver.waived_at >= %(first_change)s AND waiver.waived_at >= period.closes_at
           AND action.occurred_at < period.closes_at AND NOT period.is
         GROUP BY 1
    ), shown AS (
        SELECT period.*, COALESCE(activity.actions, 0) AS actions, COALESCE(activity.charged, 0) AS charged,
               COALESCE(activity.unrated, 0) AS unrated, COALESCE(activity.before, 0) AS before,
               COALESCE(activity.amount, 0) AS amount,
               COALESCE(marked.actions - COALESCE(activity.actions, 0), 0) AS waiting,
               COALESCE(arrived.actions, 0) AS arrived, COALESCE(arrived.amount, 0) AS arrived_amount,
               COALESCE(voided.actions, 0) AS voided, COALESCE(waived.actions, 0) AS waived
          FROM period
          LEFT JOIN activity ON activity.period_id = period.id
          LEFT JOIN marked ON marked.period_id = period.id
          LEFT JOIN arrived ON arrived.period_id = period.id
          LEFT JOIN voided ON voided.period_id = period.id
          LEFT JOIN waived ON waived.period_id = period.id
         WHERE activity.actions > 0 OR marked.actions > 0
            OR (NOT period.is AND period.end_at <= period.closes_at AND (period.state = 'open' OR period.has_invoice))
    ), charged AS (
        SELECT customer.currency, sum(daily.amount) AS amount,
               COALESCE(sum(daily.amount) FILTER (WHERE invoiced.was AND invoiced.is), 0) AS invoiced
          FROM pricing_dailyactivity daily
          JOIN customer ON customer.id = daily.customer_id
          LEFT JOIN invoiced ON invoiced.period_id = daily.period_id
         WHERE daily.day > %(previous)s AND daily.day <= %(day)s
         GROUP BY 1
    )
    SELECT COALESCE(shown.currency, charged.currency), COALESCE(charged.amount, 0), COALESCE(charged.invoiced, 0),
           shown.was, shown.is, shown.before, shown.id, shown.label, shown.start_at, shown.end_at,
           shown.end_at <= shown.closes_at, shown.customer_id, shown.code, shown.name, shown.time_zone,
           shown.actions, shown.charged, shown.unrated, shown.waiting, shown.amount, shown.arrived, shown.arrived_amount,
           shown.voided, shown.waived, tally.rated_at,
           COALESCE(invoice.state, ''), COALESCE(invoice.number, ''), invoice.id, invoice.issued_at
      FROM shown
      FULL JOIN charged ON charged.currency = shown.currency
      LEFT JOIN pricing_periodtally tally ON tally.period_id = shown.id
      LEFT JOIN invoices_invoice invoice ON invoice.id = shown.live
     ORDER BY 1, shown.name, shown.code, shown.start_at
"""
