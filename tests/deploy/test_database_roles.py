"""What an attacker with the app's database password may not do, tried with that login; and what the reader may see."""

from collections.abc import Iterator

import psycopg2
import pytest

from tests.deploy.logins import Logins, ask, logins

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("database_roles")]

# Done with the app's own login, as the product does it: an issued invoice, a closed draft, a rule in force with its
# history, a void after the close, a refused item, a reopened period and a deed.
BILLED = """
import django; django.setup()
from datetime import timedelta
from django.contrib.admin.models import LogEntry
from django.db import transaction
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from invoices.domain.life.reopen import reopen
from invoices.domain.life.transitions import send_back
from leads.domain.quarantine.settle import discard
from leads.domain.voiding import void
from leads.models import Action
from pricing.domain.rule_book.drafting import save_draft
from pricing.domain.rule_book.rules import activate
from pricing.models import PriceRule
from tests.factories.leads import QuarantinedItemFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import NOVEMBER_3, an_open_period, approved, billed, issued, received
anna, bert = UserFactory.create(), UserFactory.create()
rule = PriceRuleFactory.build(draft=True)
activate(save_draft(rule, [], by=anna), by=bert, at=NOVEMBER_3, reason="Opening prices")
periods = [an_open_period(code=code) for code in ("ISSUED", "DRAFT", "OPEN")]
for period in periods:
    received(period, 3, 4)
issued(billed(periods[0]), anna)
send_back(approved(billed(periods[1]), anna), by=bert)
billed(periods[2])
reopen(periods[2], reason="A late lead", by=bert, at=NOVEMBER_3)
void(Action.objects.filter(period=periods[0]).first(), reason="Sent by mistake", by=bert, at=NOVEMBER_3)
discard(QuarantinedItemFactory.create(), note="Sent by mistake", by=anna, at=NOVEMBER_3)
LogEntry.objects.create(user=anna, action_flag=2, object_repr="Acme", change_message="Changed")
with transaction.atomic():
    record(Verb("deed_tested", "Tested"), on=periods[0], by=anna)
"""

ISSUED = (
    "(SELECT id FROM leads_billingperiod WHERE customer_id = (SELECT id FROM leads_customer WHERE code = 'ISSUED'))"
)
DRAFT = ISSUED.replace("ISSUED", "DRAFT")
OF_THE_ISSUED = f"WHERE period_id = {ISSUED}"
ITS_LEADS = f"WHERE id IN (SELECT lead_id FROM leads_action {OF_THE_ISSUED})"

# Only the owner or a superuser may.
BY_RIGHTS = (
    "TRUNCATE invoices_invoice CASCADE",
    "TRUNCATE pricing_charge",
    "TRUNCATE leads_action CASCADE",
    "TRUNCATE invoices_invoicedocument",
    "TRUNCATE core_deed",
    "ALTER TABLE invoices_invoice DISABLE TRIGGER ALL",
    "ALTER TABLE invoices_invoice DISABLE TRIGGER an_issued_invoice_is_only_sent_or_voided",
    "DROP TRIGGER a_charge_is_never_edited ON pricing_charge",
    "DROP FUNCTION a_charge_is_never_edited() CASCADE",
    "DROP TABLE pricing_charge CASCADE",
    "ALTER TABLE pricing_charge DROP CONSTRAINT a_charge_is_not_negative",
    "CREATE TRIGGER mine BEFORE UPDATE ON leads_lead FOR EACH ROW EXECUTE FUNCTION a_charge_is_never_edited()",
    "CREATE TABLE pg_temp.leads_billingperiod (id bigint, state text)",
    "CREATE TABLE mine (id bigint REFERENCES leads_lead)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SET session_replication_role = replica",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "CREATE ROLE mine SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "UPDATE invoices_numberseries SET last = 0",
    "DELETE FROM invoices_numberseries",
    "INSERT INTO invoices_numberseries (year, last) VALUES (2031, 7)",
    "SELECT setval('invoices_numberseries_id_seq', 1)",
    "SELECT setval('leads_action_id_seq', 1)",
    "DELETE FROM django_admin_log",
    "UPDATE django_admin_log SET change_message = ''",
    "DELETE FROM django_migrations",
    "UPDATE auth_permission SET codename = 'mine'",
    "DELETE FROM auth_group_permissions",
)
# The owner may change rows, and yet these are refused to it as well.
BY_TRIGGERS = (
    "TRUNCATE invoices_invoice CASCADE",
    "TRUNCATE pricing_charge",
    "TRUNCATE leads_action CASCADE",
    "TRUNCATE invoices_invoicedocument",
    "TRUNCATE core_deed",
    f"UPDATE leads_billingperiod SET start_at = start_at - interval '1 day' WHERE id = {ISSUED}",
    f"UPDATE leads_billingperiod SET end_at = end_at + interval '1 day' WHERE id = {ISSUED}",
    f"UPDATE leads_billingperiod SET closed_at = closed_at + interval '1 day' WHERE id = {DRAFT}",
    f"UPDATE leads_billingperiod SET state = 'open', closed_at = NULL WHERE id = {ISSUED}",
    f"UPDATE leads_billingperiod SET state = 'open', closed_at = NULL WHERE id = {DRAFT}",
    f"UPDATE leads_action SET voided_at = now() {OF_THE_ISSUED} AND voided_at IS NULL",
    f"UPDATE leads_action SET voided_at = NULL, voided_after_close = FALSE {OF_THE_ISSUED}",
    f"UPDATE leads_action SET void_reason = 'Mine' {OF_THE_ISSUED} AND voided_at IS NOT NULL",
    f"UPDATE leads_action SET voided_after_close = FALSE {OF_THE_ISSUED} AND voided_at IS NOT NULL",
    f"UPDATE leads_action SET attributes = '{{\"mine\": 1}}' {OF_THE_ISSUED}",
    f"UPDATE leads_action SET quantity = 1 {OF_THE_ISSUED}",
    f"DELETE FROM leads_action {OF_THE_ISSUED}",
    f"UPDATE leads_lead SET email = 'mine@example.com' {ITS_LEADS}",
    f"UPDATE leads_lead SET person_key = 'mine@example.com' {ITS_LEADS}",
    f"UPDATE leads_lead SET product_id = (SELECT max(id) FROM leads_product) {ITS_LEADS}",
    "UPDATE pricing_pricerule SET name = 'Mine'",
    "UPDATE pricing_pricerule SET wall_to = wall_from + interval '1 day'",
    "UPDATE pricing_pricerule SET wall_to = wall_from + interval '1 day', state = 'retired'",
    "UPDATE pricing_pricerule SET state = 'retired'",
    "UPDATE pricing_pricerule SET state = 'draft'",
    "UPDATE pricing_pricerule SET unit_price = 0",
    "UPDATE leads_quarantinestep SET by_id = NULL",
    "DELETE FROM leads_quarantinestep",
    "UPDATE invoices_invoice SET state = 'void', voided_at = now(), void_reason = 'Mine', voided_by_id = issued_by_id"
    " WHERE state = 'issued'",
    "UPDATE invoices_invoice SET total = 0, subtotal = 0 WHERE state = 'issued'",
    "UPDATE invoices_invoice SET number = 'INV-1' WHERE state = 'issued'",
    "DELETE FROM invoices_invoice WHERE state = 'issued'",
    "UPDATE pricing_charge SET amount = 0",
    f"DELETE FROM pricing_charge {OF_THE_ISSUED}",
    "UPDATE leads_delivery SET body = ''",
    "UPDATE core_deed SET actor_name = 'Nemo'",
    "DELETE FROM core_deed",
    "INSERT INTO core_deed (verb, actor, actor_name, task, request, objects, subject_name, before, after, reason,"
    " position, digest) VALUES ('x', 'engine', 'x', '', '', '{x:1}', '', '{}', '{}', '', 1, 'x')",
)


RIGHTS, INTEGRITY = "42501", "23"  # SQLSTATE: insufficient_privilege, and the class of violated constraints


@pytest.fixture(scope="module")
def deployed() -> Iterator[Logins]:
    with logins() as made:
        made.migrate()
        made.engine.run("-c", BILLED)
        yield made


def test_the_app_is_refused_each_and_nothing_has_changed(deployed: Logins) -> None:
    before = _everything(deployed)

    answers = {statement: _refusal(deployed, "app", statement) for statement in (*BY_RIGHTS, *BY_TRIGGERS)}

    assert {statement: code for statement, code in answers.items() if code[:2] not in (RIGHTS[:2], INTEGRITY)} == {}
    assert {statement: answers[statement] for statement in BY_RIGHTS if answers[statement] != RIGHTS} == {}
    assert _everything(deployed) == before


def test_the_owner_too_is_refused_what_triggers_keep(deployed: Logins) -> None:
    before = _everything(deployed)

    answers = {statement: _refusal(deployed, "owner", statement) for statement in BY_TRIGGERS}

    assert {statement: code for statement, code in answers.items() if code[:2] != INTEGRITY} == {}
    assert _everything(deployed) == before


def test_the_app_cannot_become_the_owner(deployed: Logins) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        deployed.ask("app", f"SET ROLE {deployed.names['owner']}")
    privileged = (
        "SELECT rolname FROM pg_roles WHERE rolname = ANY ('{{{}}}') AND (rolsuper OR rolcreaterole OR rolbypassrls)"
    )
    assert ask(deployed.admin, privileged.format(",".join(deployed.names.values()))) == []


def test_the_app_counts_numbers_and_seals_deeds_through_their_functions(deployed: Logins) -> None:
    [(series, serial)] = deployed.ask("app", "SELECT * FROM next_in_series(NULL, 2030)")

    assert serial == 1
    assert deployed.ask("app", f"SELECT year, last FROM invoices_numberseries WHERE id = {series}") == [(2030, 1)]
    assert deployed.ask("app", "SELECT seal_deeds(10) >= 0") == [(True,)]
    assert deployed.ask("app", "SELECT count(*) FROM core_deed WHERE position IS NULL") == [(0,)]


def test_the_reader_reads_all_but_secrets_and_writes_nothing(deployed: Logins) -> None:
    assert deployed.ask("reader", "SELECT count(*) FROM pricing_charge WHERE reason = ''") != [(0,)]
    assert deployed.ask("reader", "SELECT count(username) FROM auth_user") != [(0,)]
    for statement in (
        "SELECT password FROM auth_user",
        "SELECT session_data FROM django_session",
        "SELECT digest FROM leads_apikey",
        "SELECT sealed FROM leads_signingsecret",
        "UPDATE leads_customer SET name = 'Mine'",
        "DELETE FROM leads_unratedmark",
        "INSERT INTO leads_unratedmark (period_id, reason, created_at) SELECT id, 'x', now() FROM leads_billingperiod",
        "SELECT next_in_series(NULL, 2030)",
        "SELECT seal_deeds(1)",
        "SELECT nextval('leads_action_id_seq')",
        "CREATE TEMPORARY TABLE mine (id bigint)",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            deployed.ask("reader", statement)


def test_a_table_of_a_later_migration_is_readable_at_once_and_nothing_more(deployed: Logins) -> None:
    deployed.ask("owner", "CREATE TABLE later (id bigint GENERATED BY DEFAULT AS IDENTITY, name text)")
    try:
        for name in ("app", "reader"):
            assert deployed.ask(name, "SELECT count(*) FROM later") == [(0,)]
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                deployed.ask(name, "INSERT INTO later (name) VALUES ('x')")
        assert deployed.ask("app", "SELECT nextval('later_id_seq')") == [(1,)]
    finally:
        deployed.ask("owner", "DROP TABLE later")


def test_what_an_administrator_restored_belongs_to_the_owner_after_the_next_migration() -> None:
    with logins() as made:
        made.engine.run("manage.py", "migrate_alone", "--verbosity", "0")  # as the administrator: all of it is theirs
        made.migrate()

        strangers = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner::regrole::text <> '{0}'"
            " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner::regrole::text <> '{0}'"
            "   AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'i')"
        )
        assert ask(made.admin, strangers.format(made.names["owner"])) == []
        made.engine.run("-c", BILLED)


def _refusal(deployed: Logins, name: str, statement: str) -> str:
    """The SQLSTATE that the login gets; empty if the statement is committed."""
    try:
        deployed.ask(name, statement)
    except psycopg2.Error as error:
        return error.pgcode or str(error)
    return ""


def _everything(deployed: Logins) -> list[tuple[object, ...]]:
    """The row count and a digest of every table, in one statement."""
    tables = ask(deployed.admin, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    each = (
        f"SELECT '{name}', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{name}\" t"
        for (name,) in tables
    )
    return sorted(ask(deployed.admin, " UNION ALL ".join(each)), key=str)
