"""A person of a customer is invited, comes in once by the link, and belongs to exactly the customers who invited them."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.timezone import now

from billing_engine.accounts.domain.customer_people import NotOfACustomer
from billing_engine.accounts.domain.roles import NotStaff, change_roles
from billing_engine.accounts.models import CustomerPerson
from billing_engine.core.models import Deed
from leads.domain.memberships.invitations import AlreadyAMember, invite, link_token, renew, send, withdraw
from leads.domain.memberships.members import LastAdministrator, change_role, members_of, remove
from leads.models import Customer, MemberInvitation, MemberRole, Membership
from tests.factories.people import superuser, with_role
from tests.portal.made import LOGIN, PASSWORD, a_person, home, join, link_in_the_mail, logged_in

pytestmark = pytest.mark.django_db
TWICE = {"password": PASSWORD, "again": PASSWORD}
NEW = "perrin@northlight.example"


def an_invitation(customer: Customer, email: str = NEW, role: MemberRole = MemberRole.BILLING) -> MemberInvitation:
    return invite(customer, email=email, name="Perrin Oldacre", role=role, by=superuser(), at=now())


def link_to(invitation: MemberInvitation) -> str:
    return f"/portal/invitation/?token={link_token(invitation)}"


def test_an_invited_person_sets_a_password_and_is_in(northlight: Customer, client: Client) -> None:
    invitation = an_invitation(northlight)
    send(invitation, link=f"http://testserver{link_to(invitation)}")

    answer = client.post(link_in_the_mail(), TWICE, follow=True)

    assert answer.redirect_chain[-1][0] == home(northlight)
    assert [(str(each.person), each.role) for each in members_of(northlight)] == [("Perrin Oldacre", "billing")]
    assert mail.outbox[0].to == [NEW]


def test_a_mail_scanner_that_opens_the_link_uses_nothing_up(northlight: Customer, client: Client) -> None:
    link = link_to(an_invitation(northlight))

    assert [client.get(link).status_code for _ in range(3)] == [200, 200, 200]
    assert not Membership.objects.exists()
    assert Client().post(link, TWICE).status_code == 302


def test_a_link_works_once_and_not_after_it_expired_was_replaced_or_withdrawn(
    northlight: Customer, client: Client
) -> None:
    used = an_invitation(northlight)
    client.post(link_to(used), TWICE)
    late = an_invitation(northlight, "late@northlight.example")
    replaced = an_invitation(northlight, "replaced@northlight.example")
    old = link_to(replaced)
    with time_machine.travel(now() + timedelta(minutes=1)):
        renew(replaced, by=superuser(), at=now())
    gone = an_invitation(northlight, "gone@northlight.example")
    withdraw(gone, by=superuser(), at=now())

    over = [Client().post(link, TWICE).status_code for link in (link_to(used), old, link_to(gone))]
    with time_machine.travel(now() + timedelta(days=8)):
        over.append(Client().post(link_to(late), TWICE).status_code)

    assert over == [410, 410, 410, 410]
    assert User.objects.filter(customer_person__isnull=False).count() == 1


def test_a_new_link_is_sent_only_to_an_invited_address_and_the_page_says_the_same(northlight: Customer) -> None:
    an_invitation(northlight)
    dead = "/portal/invitation/?token=dead"

    known, unknown = (Client().post(dead, {"email": email}) for email in (NEW, "nobody@example.com"))

    assert [message.to for message in mail.outbox] == [[NEW]]
    assert known.content == unknown.content
    assert Client().post(link_in_the_mail(), TWICE).status_code == 302


def test_a_person_with_a_log_in_joins_another_customer_after_logging_in(northlight: Customer, rival: Customer) -> None:
    imo = a_person(northlight)
    link = link_to(an_invitation(rival, imo.email))

    stranger = Client().post(link, TWICE)
    assert (stranger.status_code, Membership.objects.count()) == (200, 1)
    page = logged_in(imo).post(link, follow=True)

    assert {each.customer for each in Membership.objects.filter(person=imo.pk)} == {northlight, rival}
    assert all(name in page.content.decode() for name in ("Northlight Carpet Mills", "Rival Rugs"))


def test_another_person_cannot_take_the_invitation_of_somebody_with_a_log_in(
    northlight: Customer, rival: Customer
) -> None:
    a_person(northlight)
    other = a_person(northlight, email="other@northlight.example")
    link = link_to(an_invitation(rival, "imo@northlight.example"))

    assert logged_in(other).post(link).status_code == 403
    assert not Membership.objects.filter(customer=rival).exists()


def test_nobody_is_invited_twice_and_staff_never(northlight: Customer) -> None:
    imo = a_person(northlight)
    an_invitation(northlight)
    frank = with_role("Finance")

    for email in (imo.email.upper(), NEW):
        with pytest.raises(AlreadyAMember):
            an_invitation(northlight, email)
    with pytest.raises(NotOfACustomer):
        an_invitation(northlight, frank.username)
    assert MemberInvitation.objects.count() == 1


def test_the_last_administrator_stays_and_each_change_is_one_deed(northlight: Customer) -> None:
    imo = a_person(northlight, role=MemberRole.ADMINISTRATOR)
    perrin = a_person(northlight, email=NEW)
    first, second = (Membership.objects.get(person=each.pk) for each in (imo, perrin))
    before = Deed.objects.count()

    for act in (
        lambda: remove(first, by=perrin, at=now()),
        lambda: change_role(first, role=MemberRole.VIEWER, by=perrin, at=now()),
    ):
        with pytest.raises(LastAdministrator):
            act()
    assert Deed.objects.count() == before
    change_role(second, role=MemberRole.ADMINISTRATOR, by=imo, at=now())
    remove(first, by=perrin, at=now())

    assert [each.person.user for each in members_of(northlight)] == [perrin]
    assert list(Deed.objects.order_by("pk").values_list("verb", flat=True))[before:] == [
        "member_role_changed",
        "member_removed",
    ]


def test_who_is_removed_is_logged_out_and_finds_nothing(northlight: Customer, rival: Customer) -> None:
    imo = a_person(northlight, rival)
    client = logged_in(imo)
    assert client.get(home(northlight)).status_code == 200

    remove(Membership.objects.get(person=imo.pk, customer=northlight), by=superuser(), at=now())

    assert client.get(home(northlight)).status_code == 302
    assert logged_in(imo).get(home(northlight)).status_code == 404
    assert logged_in(imo).get(home(rival)).status_code == 200


def test_a_customers_person_can_be_given_no_role_of_the_staff_by_anyone(northlight: Customer) -> None:
    imo = a_person(northlight)

    with pytest.raises(NotStaff):
        change_roles(imo, roles=[], is_superuser=True, by=superuser(), reason="test")
    for column in ("is_staff", "is_superuser"):
        with pytest.raises(DatabaseError, match="can't be staff"), transaction.atomic():
            User.objects.filter(pk=imo.pk).update(**{column: True})


def test_a_password_is_reset_only_at_an_address_that_was_verified(northlight: Customer) -> None:
    imo = a_person(northlight)
    unverified = User.objects.create_user("eve", email="eve@northlight.example", password=PASSWORD)
    join_without_address(unverified, northlight)

    for email in (imo.email, unverified.email, with_role("Finance").email, "nobody@example.com"):
        assert Client().post(f"{LOGIN}password/", {"email": email}).status_code in (200, 302)

    assert [message.to for message in mail.outbox] == [[imo.email]]


def join_without_address(user: User, customer: Customer) -> None:
    join(CustomerPerson.objects.create(user=user, enrolled_at=now()), customer)


def test_staff_invite_the_first_person_of_a_customer(northlight: Customer, client: Client) -> None:
    client.force_login(with_role("Finance"), backend="allauth.account.auth_backends.AuthenticationBackend")

    asked = {"name": "Perrin Oldacre", "email": NEW, "role": "administrator"}
    sent = client.post(f"/admin/leads/customer/{northlight.pk}/invite_to_portal/", asked)

    assert (sent.status_code, [message.to for message in mail.outbox]) == (302, [[NEW]])
    assert Client().post(link_in_the_mail(), TWICE, follow=True).redirect_chain[-1][0] == home(northlight)
