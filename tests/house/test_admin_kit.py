"""Pages are built from one kit: apps extend each other's pages only through it, and columns are declared."""

import ast
from pathlib import Path

import pytest
from django.contrib import admin
from django.test import RequestFactory

from tests.factories.people import superuser
from tests.house.tree import nodes, product

# Pages that ours replace: Django's own, and those of the scheduler.
REPLACED = {
    "billing_engine/admin/schedule.py": "the scheduler's models",
    "billing_engine/admin/people.py": "Django's users, and allauth's own pages",
    "billing_engine/admin/roles.py": "Django's groups",
}
METHODS_WITH_LOGIC = 45
MENU = [
    ("", ["At a glance"]),
    (
        "Waiting",
        ["Approvals", "Quarantine", "Unrated actions", "Disputes", "Voided after billing", "Alerts"],
    ),
    (
        "Billing",
        [
            *("Month close", "Invoices", "Unbilled", "Billing runs", "Billing schedules", "Emails", "Email templates"),
            "Email previews",
            *("Billing periods", "Invariants"),
        ],
    ),
    (
        "Receivables",
        [
            *("Overview", "Ageing", "Ledger", "Trial balance", "Customer accounts", "Disputes and credits"),
            *("Credit notes", "Payments", "Write-offs", "Bank files", "Bank accounts", "CSV mappings"),
            *("Online payments", "Reminders", "Reminder levels", "Reminder timetable", "Reminder pauses"),
            *("Statements", "Statements by email", "Emails to people", "Books", "Accounts", "Reasons", "Webhooks"),
        ],
    ),
    ("Reports", ["Explorer", "Saved reports", "Report schedules", "Forecast", "Exports"]),
    ("Prices", ["Price rules", "Simulations", "Price checks", "Charges", "Price finder", "Price list"]),
    (
        "Leads",
        [
            *("Leads", "Actions", "Deliveries", "File imports", "Sources", "Mappings", "Source quality"),
            *("Find a person", "Erasures", "Retention", "Archive"),
        ],
    ),
    ("Catalog", ["Customers", "Products", "Action types"]),
    ("Administration", ["Companies", "Approval thresholds", "Deed log", "People", "Invitations", "Roles", "Schedule"]),
]


def test_no_app_unregisters_a_page_of_ours() -> None:
    found = {path.as_posix() for path in product() for call in nodes(path, ast.Call) if _called(call) == "unregister"}

    assert found == set(REPLACED)


def test_an_app_imports_anothers_page_only_to_add_to_it() -> None:
    offenders = [
        f"{path}:{name}"
        for path in product()
        for name in _pages_of_others(path)
        if not _uses(path, name) or not all(use.startswith("extend") for use in _uses(path, name))
    ]

    assert offenders == []


def test_columns_are_declared_and_only_those_with_logic_of_their_own_are_methods() -> None:
    methods = [
        f"{path}:{function.name}"
        for path in product()
        for function in nodes(path, ast.FunctionDef)
        if any(ast.unparse(each).startswith("admin.display") for each in function.decorator_list)
    ]

    assert 0 < len(methods) <= METHODS_WITH_LOGIC


def test_the_first_column_of_every_list_opens_its_row() -> None:
    """On a phone, a first column without a link would be headed “Select record”."""
    offenders = [
        model._meta.label
        for model, page in admin.site._registry.items()
        if page.list_display_links and page.list_display[0] not in page.list_display_links
    ]

    assert offenders == []


@pytest.mark.django_db
def test_the_menu_is_in_the_order_that_the_apps_give_their_pages() -> None:
    request = RequestFactory().get("/admin/")
    request.user = superuser()

    groups = admin.site.get_sidebar_list(request)

    assert [(group.get("title", ""), [item["title"] for item in group["items"]]) for group in groups] == MENU


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _pages_of_others(path: Path) -> list[str]:
    """The names that a file imports from the admin of another app."""
    return [
        alias.asname or alias.name
        for statement in nodes(path, ast.ImportFrom)
        if statement.module and _is_admin_of_other(statement.module, path)
        for alias in statement.names
    ]


def _is_admin_of_other(module: str, path: Path) -> bool:
    app, _, rest = module.partition(".")
    return rest.split(".")[0] == "admin" and app in {"leads", "pricing", "invoices", "reports"} and app != path.parts[0]


def _uses(path: Path, name: str) -> list[str]:
    """The attributes that the file reads from the name; "" if it uses the name in another way."""
    asked = [
        node.attr for node in nodes(path, ast.Attribute) if isinstance(node.value, ast.Name) and node.value.id == name
    ]
    named = [node for node in nodes(path, ast.Name) if node.id == name]
    return asked + [""] * (len(named) - len(asked))
