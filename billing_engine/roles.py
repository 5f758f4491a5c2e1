"""The roles: exactly which group may do what."""

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction

LAYERS = ("leads", "pricing", "invoices", "receivables", "reports")

# Every role may view all business data except contact data; a role adds permissions. leads/domain/access/term_owners.py says
# which term of a customer each permission covers.
OPERATIONS = {
    "leads": (
        "add_customer", "change_operations_terms", "change_commitments",
        "view_contacts", "view_raw_bodies",
        "view_as_customer", "show_contacts", "add_memberinvitation", "change_membership",
        "find_person", "add_erasure", "change_erasure",  # find: export too; change: stop and resume
        "add_archiverun", "change_archiverun",  # change: stop and resume
        "view_as_customer", "add_memberinvitation", "change_membership",
        "add_customerkey", "change_customerkey",  # change: revoke
        "add_product", "change_product",
        "add_source", "change_source",
        "add_sourcemapping", "change_sourcemapping",  # change: write a revision
        "add_apikey", "change_apikey",
        "add_signingsecret", "change_signingsecret",
        "add_hook", "change_hook",  # change: another secret, revoke
        "add_actiontype", "change_actiontype",
        "change_quarantineditem",  # retry and discard
        "add_fileimport", "change_fileimport",  # change: dry run, import, stop, resume, undo, discard
        "change_action",  # void
    ),
    "pricing": (
        "add_pricerule", "change_pricerule", "delete_pricerule",  # change includes activate, revise, retire; delete: drafts only
        "add_pricetier", "change_pricetier", "delete_pricetier",
        "add_pricecheck", "change_pricecheck", "delete_pricecheck",
        "add_simulation",
        "add_waiver",
        "change_ratingattempts",  # retry
    ),
}  # fmt: skip
FINANCE: dict[str, tuple[str, ...]] = {
    "leads": (
        "change_billingperiod",  # reopen
        "add_company", "change_company", "change_bank_details",
        "add_approvalthreshold", "change_approvalthreshold",  # change: approve one
        "change_finance_terms", "change_commitments",
        "view_contacts",
        "view_as_customer", "add_memberinvitation", "change_membership",
        "add_customerkey", "change_customerkey",  # change: revoke
    ),
    "pricing": (
        "change_ratingattempts",  # retry
    ),
    "invoices": (
        "add_billingrun", "change_billingrun", "change_billingschedule", "change_billingcycle",
        "change_invoice",
        "add_invoicemail",
        "add_mailtemplate",
        "change_mailtemplate",
    ),
    "receivables": (
        "add_dispute", "change_dispute",  # change: decide
        "add_reason", "change_reason",
        "add_accountnote",
        "add_creditnote", "change_creditnote",  # change: approve, issue, send back, discard
        "add_papermail",
        "add_bookexport",
        "add_accountmapping", "change_accountmapping",
        "add_webhookendpoint", "change_webhookendpoint",
        "add_reminderrun", "change_reminderrun",  # change: stop, and decide what is in doubt
        "change_reminderschedule",  # with its wording, and pauses
        "add_statementmail", "change_statementmail",  # change: decide what is in doubt
        "change_statementschedule",
        "change_topicemail",  # decide what is in doubt
        "add_payment", "change_payment",  # change: allocate, refund, return
        "add_bankfile", "change_bankfile", "add_bankaccount", "change_bankaccount", "add_csvmapping", "change_csvmapping",
        "change_onlineevent",  # run again, set aside
        "add_writeoff", "change_writeoff",  # change: approve one
        "add_voidterms",
    ),
}  # fmt: skip
ROLES: dict[str, dict[str, tuple[str, ...]]] = {"Operations": OPERATIONS, "Finance": FINANCE, "Viewer": {}}


def permissions_of(role: str) -> set[str]:
    """Permission names, such as `leads.add_customer`."""
    views = {
        f"{app}.view_{model._meta.model_name}" for app in LAYERS for model in apps.get_app_config(app).get_models()
    }
    views.add("core.view_approvalrequest")  # everyone sees what is waiting; who decides is up to each kind
    views |= {"core.view_deed"} if ROLES[role] else set()  # a viewer sees deeds on the pages, but not the whole log
    return views | {f"{app}.{name}" for app, names in ROLES[role].items() for name in names}


@transaction.atomic
def ensure_roles() -> list[Group]:
    """Create each role and set exactly its permissions."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    groups = []
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(known[name] for name in permissions_of(role))
        groups.append(group)
    return groups
