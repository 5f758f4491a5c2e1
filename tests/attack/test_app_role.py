"""The app's database role, past all code of the engine: what is in force, decided, billed or told stays as it is.

`tests/deploy/test_database_roles.py` tries the list of the finding with the real login; this one tries the story.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from billing_engine.core.models import ApprovalRequest, Deed
from tests.app_role import as_role
from tests.attack.story import NOVEMBER_1, Story, money, press
from tests.attack.test_finance_alone import EVIL, details
from tests.attack.test_operations_alone import drafted

pytestmark = pytest.mark.django_db
Tries = Callable[[Story, User, ApprovalRequest], tuple[str, ...]]
REFUSED = ("42501", "23")  # no right, or a broken rule of the data


# --- What it is after -----------------------------------------------------------------------------------------------


def after_account(story: Story, olga: User, _waiting: ApprovalRequest) -> tuple[str, ...]:
    return (
        f"UPDATE leads_companydetails SET pay_to = '{EVIL}'",
        "UPDATE leads_companydetails SET in_force_at = now() WHERE in_force_at IS NOT NULL",
        "DELETE FROM leads_companydetails",
        "UPDATE invoices_invoice SET seller = '{}' WHERE state = 'issued'",
        "UPDATE invoices_invoice SET bill_to = '{}' WHERE state = 'issued'",
        "UPDATE invoices_invoice SET total = 0 WHERE state = 'issued'",
        "UPDATE invoices_invoice SET total = 0 WHERE state = 'approved'",
        "UPDATE invoices_invoice SET approved_by_id = NULL WHERE state = 'approved'",
        f"UPDATE invoices_invoice SET approved_by_id = {olga.pk} WHERE state = 'approved'",
        "UPDATE invoices_invoicetax SET amount = 0",
        "UPDATE invoices_invoiceline SET amount = 0",
        "UPDATE receivables_posting SET amount = 100",
        "DELETE FROM receivables_ledgerdocument",
        "UPDATE invoices_invoice SET due_on = '2099-01-01' WHERE state = 'issued'",
        "DELETE FROM invoices_invoiceline USING invoices_invoice i WHERE invoice_id = i.id AND i.state = 'issued'",
    )


def after_terms(story: Story, _olga: User, _waiting: ApprovalRequest) -> tuple[str, ...]:
    terms = f"WHERE customer_id = {story.customer.pk}"
    return (
        f"UPDATE leads_customerterms SET monthly_budget = 0.01, hard_budget = TRUE {terms}",
        f"UPDATE leads_customerterms SET first_day = '2099-01-01' {terms}",
        f"UPDATE leads_customerterms SET withdrawn_at = now() {terms}",
        f"DELETE FROM leads_customerterms {terms}",
        "UPDATE leads_actiontyperevision SET is_billable = FALSE",
        "UPDATE leads_productrevision SET category = 'free'",
        "UPDATE leads_sourcerevision SET channel = 'other'",
        "DELETE FROM leads_actiontyperevision",
    )


def after_prices(story: Story, _olga: User, _waiting: ApprovalRequest) -> tuple[str, ...]:
    return (
        "UPDATE pricing_pricerule SET unit_price = 0.01 WHERE state = 'active'",
        "UPDATE pricing_pricerule SET wall_to = wall_from WHERE state = 'active'",
        "DELETE FROM pricing_pricerule WHERE state = 'active'",
        "UPDATE pricing_charge SET amount = 0",
        f"DELETE FROM pricing_charge WHERE period_id = {story.issued.period_id}",
        f"DELETE FROM pricing_charge WHERE period_id = {story.draft.period_id}",
        "DELETE FROM pricing_waiver",
        "UPDATE pricing_waiver SET note = ''",
    )


def after_what_happened(story: Story, _olga: User, _waiting: ApprovalRequest) -> tuple[str, ...]:
    return (
        f"DELETE FROM leads_action WHERE period_id = {story.month.pk}",
        f"UPDATE leads_action SET period_id = {story.month.pk} WHERE period_id = {story.issued.period_id}",
        f"UPDATE leads_action SET voided_at = now() WHERE period_id = {story.issued.period_id}",
        f"UPDATE leads_billingperiod SET start_at = start_at - interval '1 day' WHERE id = {story.issued.period_id}",
        f"UPDATE leads_billingperiod SET state = 'open', closed_at = NULL WHERE id = {story.issued.period_id}",
        f"UPDATE pricing_periodterms SET rules = '[]' WHERE period_id = {story.issued.period_id}",
        f"UPDATE pricing_periodterms SET rules = '[]' WHERE period_id = {story.draft.period_id}",
        "DELETE FROM leads_lead",
        "DELETE FROM leads_delivery",
        "UPDATE leads_delivery SET body = ''",
    )


def after_decisions(_: Story, olga: User, waiting: ApprovalRequest) -> tuple[str, ...]:
    return (
        f"UPDATE core_approvalrequest SET state = 'approved', decided_by_id = {olga.pk}, decided_at = now()"
        f" WHERE id = {waiting.pk}",
        "UPDATE core_approvalrequest SET authors = '{}'",
        "UPDATE core_approvalrequest SET differences = '[]'",
        "DELETE FROM core_approvalrequest",
        "DELETE FROM leads_approvalthreshold",
        "UPDATE leads_approvalthreshold SET above = NULL",
        "UPDATE auth_group_permissions SET group_id = 1",
        f"INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT {olga.pk}, id FROM auth_permission",
        "INSERT INTO auth_group_permissions (group_id, permission_id) SELECT g.id, p.id FROM auth_group g, auth_permission p",
    )


def after_log(_: Story, olga: User, _waiting: ApprovalRequest) -> tuple[str, ...]:
    return (
        "UPDATE core_deed SET actor_name = 'Nemo'",
        f"UPDATE core_deed SET person_id = NULL WHERE person_id = {olga.pk}",
        "DELETE FROM core_deed",
        "TRUNCATE core_deed",
        "UPDATE core_deed SET position = NULL, digest = NULL",
        "UPDATE core_deed SET at = at - interval '1 year'",
        "ALTER TABLE core_deed DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION seal_deeds(int) RETURNS int LANGUAGE sql AS 'SELECT 0'",
    )


def after_numbers(_: Story, _olga: User, _waiting: ApprovalRequest) -> tuple[str, ...]:
    return (
        "UPDATE invoices_numberseries SET last = 0",
        "DELETE FROM invoices_numberseries",
        "UPDATE invoices_invoice SET number = 'INV-1' WHERE state = 'issued'",
        "TRUNCATE invoices_invoice CASCADE",
    )


TRIES = (after_account, after_terms, after_prices, after_what_happened, after_decisions, after_log, after_numbers)


@pytest.mark.parametrize("after", TRIES, ids=lambda each: str(each.__name__))
def test_the_app_role_changes_nothing_of_it(story: Story, olga: User, fay: User, after: Tries) -> None:
    rule = drafted(olga)
    press(olga, rule, "request_activation", reason="A favor", override="on")
    press(fay, story.seller, "change_details", **details(pay_to=EVIL))
    waiting = ApprovalRequest.objects.earliest("pk")
    before, told = money(story), list(Deed.objects.order_by("pk").values())

    with as_role("app"):
        answers = {statement: refusal(statement) for statement in after(story, olga, waiting)}

    assert {statement: code for statement, code in answers.items() if not code.startswith(REFUSED)} == {}
    assert (money(story), list(Deed.objects.order_by("pk").values())) == (before, told)


def test_a_revision_that_waits_is_put_in_force_by_the_app_only_as_it_was_written(story: Story, fay: User) -> None:
    press(fay, story.seller, "change_details", **details(pay_to="Good Bank, account 2"))

    with as_role("app"):
        for change in (f"pay_to = '{EVIL}'", "written_by_id = NULL", f"first_day = '{NOVEMBER_1}'", "reason = ''"):
            statement = f"UPDATE leads_companydetails SET in_force_at = now(), {change} WHERE in_force_at IS NULL"
            assert refusal(statement).startswith(REFUSED), change


def refusal(statement: str) -> str:
    """The SQLSTATE; "" if the statement went through and touched a row, "nothing" if it touched none."""
    try:
        with savepoint(), connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return ""
    except DatabaseError as error:
        cause: Any = error.__cause__
        return str(cause.pgcode) if isinstance(cause, psycopg2.Error) else str(error)


@contextmanager
def savepoint() -> Iterator[None]:
    """Undo what the statement did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
