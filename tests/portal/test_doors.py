"""Two doors: staff and customers' people each log in at their own, and neither log-in opens the other."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import LazySettings
from django.test import Client
from django.utils.timezone import now

from billing_engine.core.models import Deed
from leads.domain.memberships.looks import begin_look
from leads.domain.memberships.portal import portal_of, require_second_factor
from leads.models import Customer, PortalLook
from tests.factories.people import superuser, with_role
from tests.portal.made import LOGIN, PASSWORD, a_person, home, logged_in

pytestmark = pytest.mark.django_db


def staff(role: str = "Finance") -> Client:
    user = with_role(role)
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.post("/admin/login/", {"login": user.username, "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    return client


def lens(customer: Customer) -> str:
    return f"/admin{home(customer)}"


def test_a_staff_session_meets_the_log_in_of_the_portal(northlight: Customer) -> None:
    answer = staff().get(home(northlight))

    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, LOGIN)


def test_a_portal_session_meets_the_log_in_of_the_admin_and_no_api(northlight: Customer) -> None:
    client = logged_in(a_person(northlight))

    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert client.get("/api/v1/reports/activity").status_code in (401, 403)


def test_a_session_carried_over_to_the_other_doors_cookie_meets_the_log_in_too(northlight: Customer) -> None:
    ours, theirs = staff(), logged_in(a_person(northlight))
    ours.cookies["portal_sessionid"] = ours.cookies["sessionid"].value
    theirs.cookies["sessionid"] = theirs.cookies["portal_sessionid"].value

    assert ours.get(home(northlight)).headers["Location"].startswith(LOGIN)
    assert theirs.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert theirs.get("/api/v1/reports/activity").status_code in (401, 403)


def test_each_kind_of_person_is_refused_at_the_other_door(northlight: Customer) -> None:
    imo, frank = a_person(northlight), with_role("Finance")
    frank.set_password(PASSWORD)
    frank.save()
    here, there = Client(), Client()

    here.post(LOGIN, {"login": frank.username, "password": PASSWORD})
    there.post("/admin/login/", {"login": imo.username, "password": PASSWORD})

    assert here.get("/portal/").headers["Location"].startswith(LOGIN)
    assert there.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_one_browser_can_be_logged_in_at_both_doors_and_out_of_one(northlight: Customer) -> None:
    client = staff()
    client.post(LOGIN, {"login": a_person(northlight).username, "password": PASSWORD})
    assert (client.get("/admin/").status_code, client.get(home(northlight)).status_code) == (200, 200)

    client.post("/portal/log-out/")

    assert (client.get("/admin/").status_code, client.get(home(northlight)).status_code) == (200, 302)


def test_with_a_host_of_its_own_the_portal_is_there_and_nothing_else_is(
    northlight: Customer, settings: LazySettings
) -> None:
    settings.PORTAL_HOST, settings.ALLOWED_HOSTS = "billing.example.com", ["billing.example.com", "testserver"]
    there = {"HTTP_HOST": "billing.example.com"}

    found = [Client().get(path, **there).status_code for path in (LOGIN, "/admin/login/", "/api/v1/actions/a/b", "/")]
    assert found == [200, 404, 404, 302]
    assert [Client().get(path).status_code for path in (LOGIN, "/admin/login/")] == [404, 200]


def test_the_portals_cookies_are_sent_to_the_portal_alone(northlight: Customer) -> None:
    cookies = logged_in(a_person(northlight)).cookies

    assert {name: cookie["path"] for name, cookie in cookies.items()} == {
        "portal_sessionid": "/portal/",
        "portal_csrftoken": "/portal/",
    }


def test_a_customer_can_require_a_second_factor_from_a_day_on(northlight: Customer) -> None:
    imo = a_person(northlight)
    client = logged_in(imo)
    require_second_factor(northlight, from_day=northlight.today + timedelta(days=1), by=imo)
    assert client.get(home(northlight)).status_code == 200

    require_second_factor(northlight, from_day=northlight.today, by=imo)
    answer = client.get(home(northlight))
    assert answer.headers["Location"] == f"{LOGIN}second-factor/?needed=1"
    assert client.get(answer.headers["Location"]).status_code == 200

    TOTP.activate(imo, generate_totp_secret())
    assert client.get(home(northlight)).status_code == 200


def test_staff_look_read_only_for_a_reason_and_on_record(northlight: Customer) -> None:
    client = staff()
    page = f"/admin/leads/customer/{northlight.pk}"
    assert client.get(lens(northlight)).headers["Location"] == f"{page}/change/"

    answer = client.post(f"{page}/view_as_customer/", {"reason": "Call about September"})

    assert answer.headers["Location"] == lens(northlight)
    shown = client.get(lens(northlight)).content.decode()
    assert "You are viewing the portal as Northlight Carpet Mills." in shown
    assert "Call about September" in shown
    [deed] = Deed.objects.filter(verb="portal_looked_at")
    assert (deed.reason, deed.subject_name) == ("Call about September", "Northlight Carpet Mills")
    assert client.post(lens(northlight)).status_code == 403
    assert client.get(home(northlight)).status_code == 302  # the lens does not log in to the portal

    client.post(f"{lens(northlight)}stop/")
    assert client.get(lens(northlight)).status_code == 302


def test_a_look_is_of_one_customer_one_person_and_one_hour(northlight: Customer, rival: Customer) -> None:
    portal_of(rival)
    boss = superuser()
    begin_look(northlight, by=boss, reason="Call", at=now() - timedelta(minutes=61))
    ours = Client()
    ours.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert ours.get(lens(northlight)).status_code == 302
    begin_look(northlight, by=boss, reason="Call", at=now())

    assert [ours.get(lens(each)).status_code for each in (northlight, rival)] == [200, 302]
    assert staff().get(lens(northlight)).status_code == 302
    assert staff("Viewer").get(lens(northlight)).status_code == 404
    assert PortalLook.objects.count() == 2
