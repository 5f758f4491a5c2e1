"""A person who may only look: every button is refused, and neither contacts, bodies nor the deed log are to be had."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from billing_engine.core.models import Deed
from pricing.domain.simulation.simulate import start
from tests.accounts.conftest import PASSWORD, log_in
from tests.attack.story import (
    NOW,
    TODAY,
    Story,
    client_of,
    deeds,
    nothing_moves,
    page_of,
    press,
    save,
    the_request,
)
from tests.attack.test_finance_alone import details
from tests.attack.test_operations_alone import drafted
from tests.factories.people import UserFactory, superuser

pytestmark = pytest.mark.django_db

BUTTONS = (
    ("rule", "retire_rule", "revise_rule", "roll_back_rule", "request_retirement"),
    ("customer", "change_commitments", "change_payment", "change_invoice_details", "change_exclusions"),
    ("seller", "change_details"),
    ("kind", "change_facts"),
    ("source", "change_facts"),
    ("product", "change_facts"),
    ("action", "void_action"),
    ("draft", "approve", "adjust", "withdraw", "regenerate", "reopen", "ask_to_approve", "ask_to_reopen"),
    ("approved", "issue", "send_back"),
    ("issued", "void", "ask_to_void", "send"),
)


def test_no_button_and_no_form_does_anything(story: Story, vera: User) -> None:
    told = Deed.objects.count()
    with nothing_moves(story):
        for name, *buttons in BUTTONS:
            for button in buttons:
                answer = press(vera, getattr(story, name), button, reason="Mine", first_day=str(TODAY))
                assert answer.status_code == 403, button
        for row in (story.customer, story.seller, story.rule, story.source, story.check):
            assert save(vera, row, name="Mine", code="MINE", is_active="").status_code == 403
        for action in ("approve_chosen", "issue_chosen", "send_chosen"):
            rows = {"action": action, "_selected_action": [story.draft.pk, story.approved.pk, story.issued.pk]}
            client_of(vera).post(reverse("admin:invoices_invoice_changelist"), rows)
    assert Deed.objects.count() == told


def test_requests_are_seen_and_not_decided(story: Story, vera: User, fay: User, olga: User) -> None:
    press(fay, story.seller, "change_details", **details(pay_to="Bank of Evil"))
    asked = [the_request()]
    press(olga, drafted(olga), "request_activation", reason="A favor", override="on")
    asked.append(the_request())
    with nothing_moves(story):
        for request in asked:
            assert client_of(vera).get(page_of(request)).status_code == 200
            for button in ("approve_request", "send_back_request", "withdraw_request"):
                press(vera, request, button, words="Mine", confirmed="on")
                request.refresh_from_db()
                assert request.is_waiting, button


def test_someone_without_a_role_sees_neither_requests_nor_simulations(story: Story, fay: User, olga: User) -> None:
    press(fay, story.seller, "change_details", **details(pay_to="Bank of Evil"))
    simulation = start([drafted(olga)], months=["2026-11"], from_the_start=False, by=olga, at=NOW)
    stranger = client_of(UserFactory.create(username="stranger"))

    for address in (
        page_of(the_request()),
        page_of(simulation),
        reverse("admin:core_approvalrequest_changelist"),
        reverse("admin:pricing_simulation_changelist"),
        f"/admin/pricing/simulation/{simulation.pk}/csv/",
        f"/admin/pricing/simulation/{simulation.pk}/progress/",
        page_of(story.rule),
        page_of(story.issued),
    ):
        assert stranger.get(address).status_code == 403, address


def test_the_deed_log_is_neither_read_nor_exported(story: Story, vera: User, fay: User) -> None:
    press(fay, story.draft, "adjust", amount="-5.00", text="Goodwill", reason="A friend")
    log, client = reverse("admin:core_deed_changelist"), client_of(vera)
    told = Deed.objects.latest("pk")

    assert client.get(log).status_code == 403
    assert client.get(page_of(told)).status_code == 403
    for action in ("export_csv", "export_xlsx"):
        assert client.post(log, {"action": action, "_selected_action": [told.pk]}).status_code == 403
    assert not Deed.objects.filter(verb="deeds_exported").exists()


def test_contacts_and_bodies_are_hidden(story: Story, vera: User) -> None:
    lead = story.action.lead
    page = client_of(vera).get(page_of(lead)).content.decode()
    body = client_of(vera).get(f"/admin/leads/delivery/{lead.delivery_id}/body/")

    assert (lead.email in page, body.status_code) == (False, 403)
    assert client_of(vera).get(reverse("admin:leads_lead_changelist"), {"email__startswith": "ann"}).status_code != 200
    assert deeds("raw_body_viewed", "raw_body_downloaded") == []


def test_nobody_gives_themselves_a_role(story: Story, vera: User, fay: User) -> None:
    boss = superuser()
    with nothing_moves(story):
        for person in (vera, fay):
            answer = press(person, person, "change_roles", roles=[1, 2, 3], is_superuser="on", reason="Me")
            assert answer.status_code == 403
            assert save(person, person, is_superuser="on", username=person.username).status_code == 403
        press(boss, boss, "change_roles", roles=[1, 2], is_superuser="on", reason="Me")
        assert press(vera, boss, "change_roles", roles=[], reason="Coup").status_code == 403
    assert deeds("roles_changed") == []


def test_guessing_a_password_is_told_and_ends_in_a_lockout(story: Story, fay: User, vera: User) -> None:
    fay.set_password(PASSWORD)
    fay.save()
    client: Any = client_of(vera)
    client.logout()
    for guess in range(6):
        log_in(client, "fay", f"guess {guess}")
    log_in(client, "fay")

    assert client.get("/admin/").status_code == 302
    failures = [verb for verb, _, _ in deeds("login_failed", "locked_out")]
    assert failures[:5] == ["login_failed"] * 5
    assert "locked_out" in failures
