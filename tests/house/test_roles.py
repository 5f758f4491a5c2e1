"""Each role has exactly the permissions that its users need."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from billing_engine.roles import ensure_roles
from tests.factories.leads import SourceFactory
from tests.factories.people import superuser, with_role

pytestmark = pytest.mark.django_db

DOES = {
    "Operations": {
        "leads.add_actiontype",
        "leads.add_apikey",
        "leads.add_archiverun",
        "leads.add_customer",
        "leads.add_customerkey",
        "leads.add_erasure",
        "leads.add_hook",
        "leads.add_memberinvitation",
        "leads.add_product",
        "leads.add_signingsecret",
        "leads.add_source",
        "leads.add_sourcemapping",
        "leads.change_action",
        "leads.change_actiontype",
        "leads.change_apikey",
        "leads.change_commitments",
        "leads.change_customerkey",
        "leads.change_archiverun",
        "leads.change_erasure",
        "leads.find_person",
        "leads.change_hook",
        "leads.change_membership",
        "leads.change_operations_terms",
        "leads.change_product",
        "leads.show_contacts",
        "leads.change_quarantineditem",
        "leads.add_fileimport",
        "leads.change_fileimport",
        "leads.change_signingsecret",
        "leads.change_sourcemapping",
        "leads.change_source",
        "pricing.add_pricecheck",
        "pricing.add_pricerule",
        "pricing.add_pricetier",
        "pricing.add_simulation",
        "pricing.add_waiver",
        "pricing.change_pricecheck",
        "pricing.change_pricerule",
        "pricing.change_pricetier",
        "pricing.change_ratingattempts",
        "pricing.delete_pricecheck",
        "pricing.delete_pricerule",
        "pricing.delete_pricetier",
    },
    "Finance": {
        "invoices.add_billingrun",
        "invoices.add_invoicemail",
        "invoices.add_mailtemplate",
        "invoices.change_billingcycle",
        "invoices.change_billingrun",
        "invoices.change_billingschedule",
        "invoices.change_invoice",
        "invoices.change_mailtemplate",
        "receivables.add_creditnote",
        "receivables.change_creditnote",
        "receivables.add_accountnote",
        "receivables.add_papermail",
        "receivables.add_dispute",
        "receivables.change_dispute",
        "receivables.add_reason",
        "receivables.change_reason",
        "receivables.add_accountmapping",
        "receivables.change_accountmapping",
        "receivables.add_bookexport",
        "receivables.add_payment",
        "receivables.change_payment",
        "receivables.add_bankfile",
        "receivables.change_bankfile",
        "receivables.add_bankaccount",
        "receivables.change_bankaccount",
        "receivables.add_csvmapping",
        "receivables.change_csvmapping",
        "receivables.add_reminderrun",
        "receivables.change_reminderrun",
        "receivables.change_reminderschedule",
        "receivables.add_statementmail",
        "receivables.change_statementmail",
        "receivables.change_statementschedule",
        "receivables.change_topicemail",
        "receivables.add_webhookendpoint",
        "receivables.change_webhookendpoint",
        "receivables.change_onlineevent",
        "receivables.add_voidterms",
        "receivables.add_writeoff",
        "receivables.change_writeoff",
        "leads.add_approvalthreshold",
        "leads.add_company",
        "leads.add_customerkey",
        "leads.add_memberinvitation",
        "leads.change_approvalthreshold",
        "leads.change_bank_details",
        "leads.change_billingperiod",
        "leads.change_commitments",
        "leads.change_company",
        "leads.change_customerkey",
        "leads.change_finance_terms",
        "leads.change_membership",
        "pricing.change_ratingattempts",
    },
    "Viewer": set(),
}


def held(role: str) -> set[str]:
    permissions = Permission.objects.filter(group__name=role).values_list("content_type__app_label", "codename")
    return {f"{app}.{name}" for app, name in permissions}


# What a role sees of people: who they are, and what sources sent about them, word for word.
SEES = {
    "Operations": {
        *("core.view_approvalrequest", "core.view_deed"),
        *("leads.view_contacts", "leads.view_raw_bodies", "leads.view_as_customer"),
    },
    "Finance": {"core.view_approvalrequest", "core.view_deed", "leads.view_contacts", "leads.view_as_customer"},
    "Viewer": {"core.view_approvalrequest"},
}
OF_PEOPLE = {"leads.view_contacts", "leads.view_raw_bodies", "leads.view_as_customer"}


@pytest.mark.parametrize("role", DOES)
def test_a_role_does_what_it_does_and_sees_everything_of_the_business(role: str) -> None:
    ensure_roles()

    doing = {name for name in held(role) if ".view_" not in name}
    seen = {name for name in held(role) if ".view_" in name}
    every_view = {
        f"{app}.{name}"
        for app, name in Permission.objects.filter(
            codename__startswith="view_",
            content_type__app_label__in=("leads", "pricing", "invoices", "receivables", "reports"),
        ).values_list("content_type__app_label", "codename")
    }
    assert doing == DOES[role]
    assert seen == every_view - OF_PEOPLE | SEES[role]


def test_what_was_changed_by_hand_is_put_right() -> None:
    ensure_roles()
    viewer = Group.objects.get(name="Viewer")
    viewer.permissions.set(Permission.objects.filter(codename="add_user"))

    call_command("roles", verbosity=0)

    assert {name for name in held("Viewer") if ".view_" not in name} == set()
    assert Group.objects.count() == 3


@pytest.mark.parametrize("role", ["Operations", "Finance", "Viewer"])
@pytest.mark.parametrize("page", ["auth_user_changelist", "auth_user_add", "auth_group_changelist"])
def test_users_and_roles_are_managed_by_superusers_alone(client: Client, role: str, page: str) -> None:
    client.force_login(with_role(role))
    assert client.get(reverse(f"admin:{page}")).status_code == 403


def test_even_somebody_with_the_permission_to_change_users_does_not(client: Client) -> None:
    user = with_role("Viewer")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(user)
    assert client.get(reverse("admin:auth_user_change", args=[user.pk])).status_code == 403


def test_superusers_do(client: Client) -> None:
    client.force_login(superuser())
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 200


def test_a_viewer_sees_a_source_and_no_button(client: Client) -> None:
    source = SourceFactory.create()
    client.force_login(with_role("Viewer"))

    page = client.get(reverse("admin:leads_source_change", args=[source.pk])).content.decode()

    assert source.name in page
    assert ("New API key" in page, 'name="_save"' in page) == (False, False)
