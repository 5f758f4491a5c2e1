"""What the app's login may write, table by table, as PostgreSQL's GRANT names it.

What has no line is read-only to it. `tests/house/test_database_grants.py` compares the list with the models.
"""

ALL = "UPDATE (*)"  # every column but the key: for tables of libraries, whose own code saves whole rows
READ_ONLY = ""

GRANTS = {
    # The deed log: the app adds deeds, and only `seal_deeds` gives them their place in the chain.
    "core_deed": "INSERT",
    "core_approvalrequest": "INSERT, UPDATE (state, decided_by_id, decided_at, words)",
    "core_listcolumns": "INSERT, UPDATE (columns), DELETE",  # what a person likes to see
    "leads_approvalthreshold": "INSERT, UPDATE (approved_at)",
    # Who is billed, and what leads are about.
    "leads_company": "INSERT, UPDATE (code, name, number_prefix, number_digits)",
    "leads_numberprefix": "INSERT",
    "leads_companydetails": "INSERT, UPDATE (in_force_at, withdrawn_at, address, tax_id, email, pay_to)",
    "leads_customer": "INSERT, UPDATE (code, name, is_active, currency, time_zone, cycle, billed_from)",
    # A pending revision says what it sets; when it is put in force, the rest is filled in. Then a trigger keeps it.
    "leads_customerterms": (
        "INSERT, UPDATE (in_force_at, withdrawn_at, payment_terms_days, dispute_days, dispute_quota, dispute_quota_sum,"
        " tax_exempt_reason, taxes,"
        " monthly_minimum, monthly_budget, hard_budget, contract_from, contract_to, excluded_domains, seller_id,"
        " locale, detail_annex, electronic_invoice, legal_name, address, tax_id, purchase_order, billing_contacts)"
    ),
    # The people of customers. A look by staff stays on record, and only ends.
    "leads_customerportal": "INSERT, UPDATE (second_factor_from, shows_contacts)",
    "leads_emailchoice": "INSERT, UPDATE (is_wanted, chosen_at)",
    "leads_membership": "INSERT, UPDATE (role, seen_at), DELETE",
    "leads_memberinvitation": "INSERT, UPDATE (sent_at, expires_at, accepted_by_id, accepted_at, withdrawn_at)",
    "leads_customerkey": "INSERT, UPDATE (last_used_at, last_used_from, revoked_at)",
    "leads_purchaseorderrequest": "INSERT, UPDATE (state, decided_at, answer, printed_from)",
    "leads_portallook": "INSERT, UPDATE (ends_at)",
    "leads_notice": "INSERT, UPDATE (attempts, next_attempt_at, settled_at, failure)",
    "leads_cyclechange": "INSERT, DELETE",
    "leads_product": "INSERT, UPDATE (sku, name, list_price)",
    "leads_productrevision": "INSERT, UPDATE (in_force_at, withdrawn_at)",
    "leads_actiontype": "INSERT, UPDATE (code, name)",
    "leads_actiontyperevision": "INSERT, UPDATE (in_force_at, withdrawn_at)",
    "leads_sourcerevision": "INSERT, UPDATE (in_force_at, withdrawn_at)",
    "leads_source": (
        "INSERT, UPDATE (code, name, is_active, customer_id, new_products, default_country,"
        " requests_per_minute, signature_required, wait_hours, keep_bodies_days, keep_contacts_days)"
    ),
    "leads_sourcemapping": "INSERT, UPDATE (name, door, is_active, place)",
    "leads_mappingrevision": "INSERT",
    "leads_apikey": "INSERT, UPDATE (scopes, expires_at, last_used_at, used_from, revoked_at)",
    "leads_signingsecret": "INSERT, UPDATE (expires_at, last_used_at, revoked_at)",
    "leads_hook": "INSERT, UPDATE (sealed, earlier_sealed, earlier_until, fetch_sealed, expires_at, last_used_at, revoked_at)",
    "leads_hookfetch": "INSERT, UPDATE (attempts, next_attempt_at, settled_at, failure)",
    "leads_hookrefusal": "INSERT, UPDATE (times, message, last_at)",
    # What came in.
    # Raw bodies go to the archive, and erasures redact them; a trigger keeps all else.
    "leads_delivery": "INSERT, UPDATE (body, answer)",
    "leads_lead": (
        "INSERT, UPDATE (product_id, name, email, person_key, phone, firm, country, region, is_test, consent, attributes)"
    ),
    "leads_action": (
        "INSERT, UPDATE (action_type_id, occurred_at, quantity, value, attributes,"
        " voided_at, void_reason, voided_after_close)"
    ),
    "leads_earlyaction": "INSERT, DELETE",
    "leads_quarantineditem": (
        "INSERT, UPDATE (pointer, code, message, content, digest, times_sent, stored_action_id, occurred_at, zone, months,"
        " waits_for, waits_until, state, settled_at, settled_by_id, settled_note)"
    ),
    "leads_fileimport": (
        "INSERT, UPDATE (kept_as, faulty_as, reading, found, mapping, state, asked_by_id, attempts, position, line, percent,"
        " dry_run, result, lines_read, lines_taken, lines_blank, lines_refused, started_at, finished_at, message, name)"
    ),
    "leads_fileimportpart": "INSERT",
    "leads_quarantinestep": "INSERT, UPDATE (changed, note)",
    "leads_correction": "INSERT, UPDATE (changed)",
    "leads_erasure": (
        "INSERT, UPDATE (attempts, trying, one_by_one, person, held_until, held_because, total, done, reached, leads, bodies,"
        " items, others, failed, stopped_at, finished_at)"
    ),
    "leads_redaction": "INSERT",
    "leads_archivedbody": "INSERT, DELETE",
    "leads_leavingbody": "INSERT, DELETE",
    "leads_archiverun": (
        "INSERT, UPDATE (attempts, trying, one_by_one, total, moved, failed, reason, moved_bytes, reached, stopped_at,"
        " finished_at)"
    ),
    "leads_bulkretry": "INSERT, UPDATE (attempts, trying, one_by_one, total, stored, refused, reached, stopped_at, finished_at)",
    "leads_billingperiod": "INSERT, UPDATE (state, closed_at, is_sealed)",
    "leads_unratedmark": "INSERT, DELETE",
    # Prices. Drafts are edited and deleted; triggers keep rules in force.
    "pricing_pricerule": (
        "INSERT, UPDATE (name, state, customer_id, product_id, category, source_id, channel, action_type_id, priority,"
        " currency, wall_from, wall_to, price_model, unit_price, free_units, package_size, package_price, percent,"
        " fixed_fee, minimum, maximum, free_actions, free_value, once_per, once_days, highest_only, cap_per_lead,"
        " cap_per_period, activated_at, activated_by_id, retired_at, retired_by_id), DELETE"
    ),
    "pricing_pricetier": "INSERT, DELETE",
    "pricing_bookstamp": READ_ONLY,  # triggers write it
    "pricing_pricecheck": (
        "INSERT, UPDATE (name, customer_id, product_id, action_type_id, source_id, channel, quantity, value, expected,"
        " occurs_on), DELETE"
    ),
    # Charges are written and deleted, never edited.
    "pricing_charge": "INSERT, DELETE",
    "pricing_unratedaction": "INSERT, DELETE",
    "pricing_waiver": "INSERT",
    "pricing_periodtally": (
        "INSERT, UPDATE (actions, charged, excluded, excluded_by, unrated, amount, rated_at, rated_to_at,"
        " rated_to_action, counters)"
    ),
    "pricing_dailyactivity": "INSERT, DELETE",
    "pricing_monthlyactivity": "INSERT, DELETE",
    "pricing_periodterms": "INSERT, UPDATE (rules, customer, catalog, later_closed)",
    "pricing_ratingattempts": "INSERT, UPDATE (attempts, attempted_at, message), DELETE",
    "pricing_ruleuse": "INSERT, DELETE",
    "pricing_usecount": "INSERT, UPDATE (rated_at, counted_at)",
    "pricing_ruleimport": ("INSERT, UPDATE (attempts, next_attempt_at, state, rows, rows_checked, report, message)"),
    "pricing_simulation": "INSERT, UPDATE (finished_at, stopped_at)",
    "pricing_simulation_drafts": "INSERT, DELETE",
    "pricing_announcedcost": (
        "INSERT, UPDATE (month, prices_of, version, attempts, next_attempt_at, state, products, message)"
    ),
    "pricing_simulatedcustomer": ("INSERT, UPDATE (attempts, next_attempt_at, state, actions_rated, behind, message)"),
    "pricing_simulatedsum": "INSERT, DELETE",
    "pricing_simulatedmove": "INSERT, DELETE",
    # Invoices. Drafts are changed and deleted; triggers keep what is issued.
    "invoices_numberseries": READ_ONLY,  # `next_in_series` counts
    "invoices_invoice": (
        "INSERT, UPDATE (state, number, series_id, serial, subtotal, tax, credit, total, tax_exempt_reason,"
        " approved_at, approved_by_id, approved_over, approved_over_reason, issued_at, issued_by_id, issued_on, due_on,"
        " seller, bill_to, voided_at, voided_by_id, void_reason, sent_at), DELETE"
    ),
    "invoices_invoiceline": "INSERT, DELETE",
    "invoices_invoicetax": "INSERT, DELETE",
    "invoices_adjustment": "INSERT, DELETE",
    # The ledger is written once.
    "receivables_ledgerdocument": "INSERT",
    "receivables_posting": "INSERT",
    "receivables_allocation": "INSERT",
    "receivables_reason": (
        "INSERT, UPDATE (name, explanation, customers_may_give_it, window_days, decide_within_days, evidence,"
        " decided_alone_up_to, decided_alone_currency, source_answers_for_it, is_active)"
    ),
    # Disputes are decided; what was said in them, and sent, stays: a trigger lets only an erasure redact it.
    "receivables_dispute": (
        "INSERT, UPDATE (state, decide_by, waits_since, second_look_at, proposed, decided_at, decided_by_id)"
    ),
    "receivables_disputedcharge": "INSERT, UPDATE (is_accepted, is_undecided)",
    "receivables_disputestep": "INSERT, UPDATE (words)",
    "receivables_disputefile": "INSERT, UPDATE (name, content)",
    "receivables_accountnote": "INSERT",
    # Credit notes: drafts are deleted; triggers keep what is approved and issued.
    "receivables_creditnote": (
        "INSERT, UPDATE (state, number, series_id, serial, approved_at, approved_by_id, issued_at, issued_by_id,"
        " issued_on, document_id, paper_id), DELETE"
    ),
    "receivables_voidcredit": "INSERT, UPDATE (attempts, credit_id, code, message)",
    "receivables_voidterms": "INSERT",
    "receivables_creditnoteline": "INSERT, DELETE",
    "receivables_creditedcharge": "INSERT, DELETE",
    "receivables_creditnotetax": "INSERT, DELETE",
    "receivables_paper": "INSERT, UPDATE (attempts, next_attempt_at, state, reason, content, sha256, rendered_at)",
    "receivables_papermail": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, interrupted, is_being_sent, accepted, rejected,"
        " may_have_arrived, settled_at, reason, via, sha256)"
    ),
    "receivables_bookexport": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, total, written, reason, finished_at, file_name, content, sha256,"
        " rows, sums)"
    ),
    "receivables_exporteddocument": "INSERT",
    "receivables_accountmapping": "INSERT, UPDATE (seller_id, account, tax, product_id, code, tax_code)",
    # Webhooks. What the log no longer keeps is deleted; what happened stays in the deed log and in the ledger.
    "receivables_webhookendpoint": (
        "INSERT, UPDATE (attempts, next_attempt_at, name, url, kinds, unrated_hours, is_active, off_reason, off_at,"
        " failing_since, unreachable, not_before)"
    ),
    "receivables_webhooksecret": "INSERT, UPDATE (expires_at)",
    "receivables_webhookevent": "INSERT, UPDATE (distributed_at), DELETE",
    "receivables_webhookdelivery": (
        "INSERT, UPDATE (state, attempts, next_attempt_at, is_parked, resent_at, attempted_at, status, answer, reason,"
        " settled_at), DELETE"
    ),
    "receivables_eventsubscription": "INSERT, DELETE",
    "receivables_eventmail": "INSERT, UPDATE (attempts, next_attempt_at, state, reason, settled_at)",
    # Reminders.
    "receivables_reminderschedule": "INSERT, UPDATE (days, is_active)",
    "receivables_remindertext": "INSERT, UPDATE (subject, body)",
    "receivables_reminderpause": "INSERT, UPDATE (ended_at)",
    "receivables_reminderrun": "INSERT, UPDATE (stopped_at)",
    "receivables_reminder": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, interrupted, is_being_sent, accepted, rejected,"
        " may_have_arrived, settled_at, reason, via, requested_at, claimed_at, addresses, subject, body, paper_id,"
        " decided_by_id)"
    ),
    "receivables_reminderitem": "INSERT, DELETE",
    "receivables_remindertimetable": "INSERT, UPDATE (attempts, hour, is_on, next_at, reason)",
    # Statements by email.
    "receivables_statementschedule": "INSERT, UPDATE (attempts, is_monthly, next_at, reason)",
    "receivables_statementmail": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, interrupted, is_being_sent, accepted, rejected,"
        " may_have_arrived, settled_at, reason, via, requested_at, claimed_at, addresses, subject, body, paper_id,"
        " decided_by_id, opening, closing, newest)"
    ),
    "receivables_topicemail": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, interrupted, is_being_sent, accepted, rejected,"
        " may_have_arrived, settled_at, reason, via, requested_at, claimed_at, addresses, subject, body, paper_id,"
        " decided_by_id)"
    ),
    "receivables_payment": "INSERT",
    # Paying online.
    "receivables_paymentlink": "INSERT",
    "receivables_paymentlink_documents": "INSERT",
    "receivables_checkoutsession": "INSERT, UPDATE (state, external_id, url)",
    "receivables_checkoutitem": "INSERT",
    "receivables_onlinemovement": "INSERT, UPDATE (paid_out_by_id)",
    "receivables_onlineevent": "INSERT, UPDATE (state, why, document_id, run_at)",
    "receivables_writeoff": "INSERT, UPDATE (state, document_id)",
    "receivables_bankaccount": "INSERT, UPDATE (name, seller_id, number, currency, is_active)",
    "receivables_csvmapping": (
        "INSERT, UPDATE (name, encoding, delimiter, day_format, decimal_mark, day, amount, text, payer_name,"
        " payer_account, bank_reference)"
    ),
    "receivables_bankfile": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, asked_by_id, late_on_today, rows_done, message)"
    ),
    "receivables_bankstatement": "INSERT, UPDATE (is_live)",
    "receivables_bankrow": "INSERT, UPDATE (state, certainty, why, customer_id, items, document_id)",
    "invoices_invoicedocument": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, reason, source, content, sha256, rendered_at)"
    ),
    "invoices_proofkey": "INSERT, UPDATE (valid_to)",
    "invoices_invoiceproof": "INSERT",
    "invoices_proofpart": "INSERT",
    "invoices_invoicemail": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, interrupted, is_being_sent, accepted, rejected,"
        " may_have_arrived, settled_at, reason, via, sha256)"
    ),
    "invoices_mailtemplate": "INSERT, UPDATE (subject, body)",
    # Runs and months.
    "invoices_billingrun": "INSERT, UPDATE (finished_at, paused_at, paused_by_id)",
    "invoices_billingrunitem": "INSERT, UPDATE (attempts, state, invoice_id, code, message, settled_at)",
    "invoices_billingschedule": "UPDATE (is_active, grace_days)",
    "invoices_billingcycle": (
        "INSERT, UPDATE (attempts, trying, one_by_one, state, bulk_action, bulk_action_by_id, bulk_issued_on,"
        " bulk_then_send)"
    ),
    "invoices_cyclestep": "INSERT, UPDATE (done)",
    "invoices_skippedinvoice": "INSERT, UPDATE (invoice_id)",
    "reports_forecastbasis": "INSERT, DELETE",
    # Saved reports and their schedules are the people's own: they delete them. What was sent stays in the deed log.
    "reports_savedreport": "INSERT, UPDATE (name, question, is_shared, changed_at), DELETE",
    "reports_reportschedule": (
        "INSERT, UPDATE (cadence, weekday, month_day, hour, time_zone, file_format, is_active, last_run_at, next_run_at,"
        " paused_reason), DELETE"
    ),
    "reports_reportschedule_recipients": "INSERT, DELETE",
    "reports_reportmailing": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, addresses, left_out, accepted, rejected, is_being_sent, interrupted,"
        " may_have_arrived, settled_at, reason, via, subject, rows, file_name, sha256), DELETE"
    ),
    # Reports: the files that people asked for.
    "reports_export": (
        "INSERT, UPDATE (attempts, next_attempt_at, state, rows_written, total_rows, file_name, size, reason,"
        " started_at, finished_at, expires_at)"
    ),
    "reports_exportpart": "INSERT, DELETE",
    # Alerts: what they are about is never changed, only that they are resolved.
    "reports_alert": "INSERT, UPDATE (resolved_at)",
    "reports_alertsubscription": "INSERT, UPDATE (by_email), DELETE",
    "reports_alertmail": "INSERT, UPDATE (attempts, next_attempt_at, state, reason, settled_at)",
    "reports_alertmail_alerts": "INSERT",
    # Tables of Django and of Celery's beat. Roles and their permissions come with the program: `migrate` writes them.
    "accounts_customerperson": "INSERT",
    "accounts_invitation": "INSERT, UPDATE (sent_at, expires_at, withdrawn_at, accepted_by_id, accepted_at)",
    "accounts_invitation_roles": "INSERT",
    "accounts_factorreset": "INSERT, UPDATE (decided_by_id, decided_at, is_approved)",
    "accounts_rolegrant": "INSERT, DELETE",
    "account_emailaddress": f"INSERT, {ALL}, DELETE",
    "account_emailconfirmation": READ_ONLY,
    "mfa_authenticator": f"INSERT, {ALL}, DELETE",
    "socialaccount_socialaccount": f"INSERT, {ALL}, DELETE",
    "socialaccount_socialapp": READ_ONLY,  # the identity provider comes from the settings
    "socialaccount_socialtoken": f"INSERT, {ALL}, DELETE",
    "usersessions_usersession": f"INSERT, {ALL}, DELETE",
    "auth_user": f"INSERT, {ALL}",
    "auth_user_groups": "INSERT, DELETE",
    "auth_user_user_permissions": READ_ONLY,
    "auth_group": READ_ONLY,
    "auth_group_permissions": READ_ONLY,
    "auth_permission": READ_ONLY,
    "django_content_type": READ_ONLY,
    "django_admin_log": "INSERT",
    "django_session": f"INSERT, {ALL}, DELETE",
    "django_celery_beat_periodictask": f"INSERT, {ALL}, DELETE",
    "django_celery_beat_periodictasks": f"INSERT, {ALL}",
    "django_celery_beat_crontabschedule": f"INSERT, {ALL}, DELETE",
    "django_celery_beat_intervalschedule": f"INSERT, {ALL}, DELETE",
    "django_celery_beat_clockedschedule": READ_ONLY,
    "django_celery_beat_solarschedule": READ_ONLY,
}
