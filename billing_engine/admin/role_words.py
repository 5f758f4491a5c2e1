"""What a role may do, in words."""

from collections import defaultdict
from collections.abc import Iterable

from django.contrib.auth.models import Permission

# What a permission allows, where "change invoices" would not say it.
WORDS = {
    "leads.change_action": "void actions",
    "leads.change_billingperiod": "reopen billing periods",
    "leads.change_quarantineditem": "retry and discard quarantined items",
    "leads.add_apikey": "create API keys",
    "leads.change_apikey": "revoke API keys",
    "leads.add_signingsecret": "create signing secrets",
    "leads.change_signingsecret": "revoke signing secrets",
    "leads.add_hook": "create and rotate addresses of inbound webhooks",
    "leads.change_hook": "change secrets of inbound webhooks, and revoke their addresses",
    "leads.add_company": "add companies of ours",
    "leads.change_company": "change companies of ours and their bank details",
    "pricing.change_pricerule": "change, activate, revise and retire price rules",
    "pricing.delete_pricerule": "delete drafts of price rules",
    "pricing.change_ratingattempts": "retry actions that can't be priced",
    "pricing.add_simulation": "simulate price changes",
    "pricing.add_waiver": "exclude unrated actions",
    "invoices.add_billingrun": "start billing runs",
    "invoices.change_billingrun": "pause, resume and retry billing runs",
    "invoices.change_billingschedule": "change the billing schedule",
    "invoices.change_billingcycle": "lock, reopen and close months",
    "invoices.change_invoice": "adjust, approve, issue and void invoices",
    "invoices.add_invoicemail": "send invoices by email",
    "receivables.add_dispute": "open disputes",
    "receivables.change_dispute": "decide disputes",
    "receivables.add_reason": "add reasons for disputes and credit notes",
    "receivables.change_reason": "change reasons for disputes and credit notes",
}
EVERYTHING = "Everything"
SUBJECTS = {"leads": "Customers and leads", "pricing": "Prices", "invoices": "Invoices", "receivables": "Receivables"}


def duties(permissions: Iterable[Permission]) -> dict[str, list[str]]:
    """Return what the permissions allow, by subject; viewing, which is the same for all roles, is one sentence."""
    found = defaultdict[str, list[str]](list)
    views = False
    for permission in permissions:
        app, name = permission.content_type.app_label, permission.codename
        if name.startswith("view_"):
            views = True
            continue
        words = WORDS.get(f"{app}.{name}") or _plainly(permission)
        found[SUBJECTS.get(app, app.capitalize())].append(words[0].upper() + words[1:])
    return ({EVERYTHING: ["View all business data"]} if views else {}) | {
        subject: sorted(words) for subject, words in sorted(found.items())
    }


def _plainly(permission: Permission) -> str:
    """Return `add products` for the permission to add products."""
    model = permission.content_type.model_class()
    verb = permission.codename.partition("_")[0]
    return f"{verb} {model._meta.verbose_name_plural}" if model else permission.name.removeprefix("Can ")
