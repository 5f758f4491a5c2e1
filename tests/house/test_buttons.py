"""Every button of every page, for each role and state: visible ones work, hidden ones are refused with a proper page.

A button that another rule keeps from this person is there, switched off, and says why; the act refuses with the same words.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse
from time_machine import travel

from billing_engine.accounts.domain.factor_reset import ask_for_reset
from billing_engine.accounts.domain.invitations import withdraw as withdraw_invitation
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import void
from invoices.domain.life.transitions import approve, issue
from invoices.models import BillingCycle, CycleStep, Invoice
from leads.models import QuarantinedItem
from pricing.domain.simulation.simulate import start
from pricing.models import PriceRule, Simulation
from tests.factories.invoices import BillingCycleFactory, BillingRunFactory, CycleStepFactory
from tests.factories.leads import (
    ActionFactory,
    ApiKeyFactory,
    CustomerKeyFactory,
    HookFactory,
    QuarantinedItemFactory,
    SigningSecretFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory, superuser, with_role, with_second_factor
from tests.factories.pricing import PriceRuleFactory, RuleImportFactory, SimulationFactory
from tests.factories.reports import ReportScheduleFactory, SavedReportFactory
from tests.house.test_admin_queries import ROWS
from tests.invoices.made import NOVEMBER_3, a_draft, an_open_period

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_menu")]

LATER = datetime(2026, 11, 5, 12, tzinfo=UTC)
ROLES: dict[str, Callable[[], User]] = {
    "Operations": lambda: with_role("Operations"),
    "Finance": lambda: with_role("Finance"),
    "Viewer": lambda: with_role("Viewer"),
    "administrator": superuser,
}
# In the site's own look, with a way back.
NOT_ALLOWED = ("You can&#x27;t do this", ">Back</a>")
# What a dialog may require, so that its POST reaches the action.
ANSWERS = {
    "reason": "Because.",
    "amount": "1.00",
    "text": "A word",
    "words": "Smaller steps.",
    "since_0": "2026-12-01",
    "until": "2026-12-01",
    "scopes": ["read", "prices"],
    "name": "A name",
    "when": "daily",
    "month_day": "1",
    "hour": "8",
    "time_zone": "America/New_York",
    "file_format": "csv",
}


def invoice(*steps: str, by: User) -> Invoice:
    made = a_draft()
    if "adjusted" in steps:
        adjust(made, amount=Decimal(1), text="Goodwill", reason="Asked", by=by, at=NOVEMBER_3)
    if {"approved", "issued", "void"} & set(steps):
        made = approve(made, by=superuser(), at=NOVEMBER_3)
    if {"issued", "void"} & set(steps):
        made = issue(made, by=by, at=NOVEMBER_3)
    return void(made, reason="Wrong", by=superuser(), at=NOVEMBER_3) if "void" in steps else made


def month(state: str, by: User) -> BillingCycle:
    cycle = BillingCycleFactory.create(state=state)
    if state != BillingCycle.State.OPEN:
        CycleStepFactory.create(cycle=cycle, kind=CycleStep.Kind.LOCKED, by=by)
    return cycle


def a_schedule_of(by: User, *, is_paused: bool = False) -> Model:
    paused = {"is_active": False, "next_run_at": None, "paused_reason": "Why"} if is_paused else {}
    User.objects.filter(pk=by.pk).update(email="person@swatchyard.example")
    made: Model = ReportScheduleFactory.create(report__owner=by, **paused)
    return made


def a_finished_simulation(*, by: User) -> Simulation:
    draft = PriceRuleFactory.create(draft=True, created_by=by, priority=9)
    simulation = start([draft], months=[an_open_period().label], by=by, at=NOVEMBER_3)
    Simulation.objects.filter(pk=simulation.pk).update(finished_at=NOVEMBER_3)
    return simulation


def with_a_reset_asked_for(by: User) -> User:
    user = with_second_factor(UserFactory.create())
    ask_for_reset(user, by=by, reason="Lost", at=NOVEMBER_3)
    return user


def withdrawn_invitation() -> Model:
    return withdraw_invitation(ROWS["accounts.Invitation"](), by=superuser(), reason="Wrong", at=NOVEMBER_3)


# Next to one complete row of each model: the states in which buttons appear and disappear. `by` is the viewer.
STATES: dict[str, Callable[[User], Model]] = {
    **{f"{label}": (lambda _by, make=make: make()) for label, make in ROWS.items()},
    "auth.User the person": lambda by: by,
    "auth.User deactivated": lambda _by: UserFactory.create(is_active=False),
    "auth.User with a second factor": lambda _by: with_second_factor(UserFactory.create()),
    "auth.User whose reset was asked for by the person": with_a_reset_asked_for,
    "accounts.Invitation withdrawn": lambda _by: withdrawn_invitation(),
    "invoices.Invoice draft": lambda by: invoice(by=by),
    "invoices.Invoice draft, adjusted by the person": lambda by: invoice("adjusted", by=by),
    "invoices.Invoice approved": lambda by: invoice("approved", by=by),
    "invoices.Invoice issued by the person": lambda by: invoice("issued", by=by),
    "invoices.Invoice issued": lambda _by: invoice("issued", by=superuser()),
    "invoices.Invoice void": lambda by: invoice("void", by=by),
    "invoices.BillingCycle open": lambda by: month("open", by),
    "invoices.BillingCycle locked by the person": lambda by: month("locked", by),
    "invoices.BillingCycle locked": lambda _by: month("locked", superuser()),
    "invoices.BillingCycle closed": lambda by: month("closed", by),
    "invoices.BillingRun paused": lambda _by: BillingRunFactory.create(paused_at=NOVEMBER_3),
    "invoices.BillingRun finished": lambda _by: BillingRunFactory.create(finished_at=NOVEMBER_3),
    "reports.SavedReport of the person": lambda by: SavedReportFactory.create(owner=by),
    "reports.SavedReport shared by the person": lambda by: SavedReportFactory.create(owner=by, is_shared=True),
    "reports.ReportSchedule of the person": a_schedule_of,
    "reports.ReportSchedule paused by the person": lambda by: a_schedule_of(by, is_paused=True),
    "leads.BillingPeriod open": lambda _by: an_open_period(),
    "leads.BillingPeriod closed": lambda by: invoice(by=by).period,
    "leads.Action voided": lambda _by: ActionFactory.create(voided_at=NOVEMBER_3, void_reason="Canceled"),
    "leads.ApiKey revoked": lambda _by: ApiKeyFactory.create(revoked_at=NOVEMBER_3),
    "leads.Hook": lambda _by: HookFactory.create(),
    "leads.Hook revoked": lambda _by: HookFactory.create(revoked_at=NOVEMBER_3),
    "leads.CustomerKey revoked": lambda _by: CustomerKeyFactory.create(revoked_at=NOVEMBER_3),
    "leads.SigningSecret revoked": lambda _by: SigningSecretFactory.create(revoked_at=NOVEMBER_3),
    "leads.Source inactive": lambda _by: SourceFactory.create(is_active=False),
    "leads.QuarantinedItem repaired": lambda _by: QuarantinedItemFactory.create(
        state=QuarantinedItem.State.REPAIRED, settled_at=NOVEMBER_3
    ),
    "pricing.PriceRule draft": lambda by: PriceRuleFactory.create(draft=True, created_by=by),
    "pricing.PriceRule active": lambda _by: PriceRuleFactory.create(),
    "pricing.PriceRule retired": lambda _by: PriceRuleFactory.create(state=PriceRule.State.RETIRED),
    "pricing.RuleImport of the person": lambda by: RuleImportFactory.create(uploaded_by=by),
    "pricing.RuleImport waiting": lambda _by: RuleImportFactory.create(state="waiting", next_attempt_at=NOVEMBER_3),
    "pricing.RuleImport applied": lambda _by: RuleImportFactory.create(state="applied"),
    "pricing.Simulation": lambda _by: SimulationFactory.create(),
    "pricing.Simulation finished": lambda _by: a_finished_simulation(by=superuser()),
    "pricing.Simulation finished, of the person's draft": lambda by: a_finished_simulation(by=by),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", STATES)
def test_what_is_offered_works_and_what_is_not_is_refused_in_the_sites_own_words(role: str, state: str) -> None:
    with travel(LATER, tick=False):
        by = ROLES[role]()
        row = STATES[state](by)
        client = Client()
        client.force_login(by)
        page = client.get(address_of_page(row, "change"))
        if page.status_code == 403:
            assert _says(page.content.decode(), *NOT_ALLOWED)
            assert by.has_perm(f"{row._meta.app_label}.view_{row._meta.model_name}") is False
            return
        if page.status_code == 302:  # as if it were not there, because it is someone else's own
            assert state.startswith("reports.")
            return
        assert page.status_code == 200
        shown = shown_buttons(page.content.decode())
        for name in buttons_of(row):
            _try(client, row, name, shown, by)


def _try(client: Client, row: Model, name: str, shown: dict[str, str], by: User) -> None:
    address = address_of_page(row, name)
    answer = client.get(address)
    if address in shown and not shown[address]:
        assert answer.status_code in (200, 302), f"{name}: {answer.status_code}"
        return
    if _label(row, name) in _off(shown):  # disabled: the dialog and the action say what the button says
        words = shown[f"off:{_label(row, name)}"]
        assert words in unescape(answer.content.decode())
        before = _values(row)
        refused = client.post(address, ANSWERS)
        assert (refused.status_code, words in unescape(refused.content.decode())) == (200, True), name
        assert _values(row) == before
        return
    if not _may(row, name, by):
        for each in (answer, client.post(address, ANSWERS)):
            assert each.status_code == 403, name
            assert _says(each.content.decode(), *NOT_ALLOWED), name


def shown_buttons(page: str) -> dict[str, str]:
    """The addresses of the page's buttons; disabled ones by their label, with the reason."""
    bar = page.partition('class="lb-actions"')[2].partition("</ul>")[0]
    on = dict.fromkeys(re.findall(r'<a href="([^"]+)"', bar), "")
    off = re.findall(r'<li class="lb-action-off" title="([^"]*)">.*?</span>\s*([^<]+?)\s*</span>', bar, re.DOTALL)
    return on | {f"off:{label}": unescape(words) for words, label in off}


def _off(shown: dict[str, str]) -> set[str]:
    return {key.removeprefix("off:") for key in shown if key.startswith("off:")}


def buttons_of(row: Model) -> list[str]:
    page: Any = admin.site._registry[type(row)]
    return [each.path for each in page._get_base_actions_detail()]


def _button(row: Model, name: str) -> Any:
    page: Any = admin.site._registry[type(row)]
    [found] = [each for each in page._get_base_actions_detail() if each.path == name]
    return found


def _label(row: Model, name: str) -> str:
    return str(_button(row, name).description)


def _may(row: Model, name: str, by: User) -> bool:
    needed = getattr(_button(row, name).method, "needs", "")
    return not needed or by.has_perm(needed)


def address_of_page(row: Model, page: str) -> str:
    if page == "change":
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return reverse(f"admin:{_button(row, page).action_name}", args=[row.pk])


def _values(row: Model) -> dict[str, Any]:
    return model_to_dict(type(row)._default_manager.get(pk=row.pk))


def _says(page: str, *words: str) -> bool:
    return all(each in page for each in words)
