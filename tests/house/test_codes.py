"""Codes for programs and people: one list of them, and each is explained where its reader looks."""

import ast
import re
from pathlib import Path

from billing_engine.core.api.access import ScopeMissing
from billing_engine.core.api.problems import BAD_FILTER, BUSY
from leads.domain.body import decode, parse
from leads.domain.files import records
from leads.domain.files.sheets import bounds
from leads.domain.mapping import webhooks
from leads.domain.mapping.language import converter
from pricing.models import Charge
from pricing.rating.caps import BUDGET, PER_LEAD, PER_PERIOD
from pricing.rating.exclude import REASONS
from reports.api.actions import LeadMissing
from tests.house.tree import codes, nodes, prose, sources, table, text

PRICING = Path("pricing/README.md")
SOURCES = Path("docs/lead-sources.md")

# Fault codes that are composed at run time, and their values.
PUT_TOGETHER = {
    "{name}_invalid": {"quantity_invalid", "value_invalid"},
    "{name}_implausible": {"quantity_implausible", "value_implausible"},
}
# Refusals that only admin buttons can cause: users see a sentence, and the code is for later use.
FOR_PEOPLE = {
    f"leads/domain/{name}.py"
    for name in (
        "access/second_person",
        "archive/bodies",
        "archive/moving",
        "catalog/facts",
        "catalog/second_person",
        "catalog/sources",
        "catalog/subjects",
        "quarantine/cleared_tests",
        "companies",
        "credentials/api_keys",
        "credentials/lifetime",
        "customers",
        "cycles",
        "hooks/addresses",
        "hooks/fetch",
        "hooks/find",
        "imports/dates",
        "imports/dry_run/rehearse",
        "imports/kept_files",
        "imports/mappings",
        "imports/steps",
        "imports/undo",
        "imports/upload",
        "mapping/active",
        "mapping/mappings",
        "mapping/sample",
        "memberships/emails",
        "memberships/invitations",
        "memberships/keys",
        "memberships/members",
        "memberships/portal",
        "terms/purchase_orders",
        "number_prefixes",
        "people/erase",
        "people/find",
        "quarantine/bulk_retry",
        "quarantine/conflicts",
        "quarantine/review",
        "quarantine/settle",
        "terms/approval",
        "terms/company_details",
        "terms/customer_terms",
        "terms/revise",
        "voiding",
    )
} | {"leads/admin/terms/dialogs.py", "leads/queries/search.py"}
FOR_IMPORTS = {"leads/domain/files/lines.py"}
# Responses of NGINX itself.
BY_NGINX = {"address_too_long"}
# Responses of Django REST framework before our code runs.
BY_THE_FRAMEWORK = {
    "not_authenticated",
    "not_found",
    "not_acceptable",
    "unsupported_media_type",
    "method_not_allowed",
    "throttled",
}


def test_the_reasons_of_a_charge_are_the_reasons_of_rating_in_their_order():
    assert tuple(Charge.Reason.values) == REASONS


def test_the_caps_of_a_charge_are_the_caps_of_rating():
    assert Charge.Cap.values == [PER_LEAD, PER_PERIOD, BUDGET]


def test_every_reason_for_not_charging_is_explained_where_rating_is_explained():
    rows = table(text(PRICING), "code", "not charged because")

    assert tuple(code for row in rows for code in codes(row[0])) == REASONS


def test_every_code_an_item_may_be_refused_with_is_explained_to_sources():
    rows = table(text(SOURCES), "code", "what is wrong", "what to do")

    assert sorted(code for row in rows for code in codes(row[0])) == sorted(_faults())


def test_every_code_a_request_may_be_refused_with_is_explained_to_sources():
    rows = table(text(SOURCES), "status", "code", "what to do")

    assert sorted(code for row in rows for code in codes(row[1])) == sorted(_refusals_of_requests())


def test_every_code_a_file_may_be_refused_with_is_explained_to_sources():
    explained = set(codes(prose(text(SOURCES))))

    assert [code for path, code in _refusals() if path in FOR_IMPORTS and code not in explained] == []


def _faults() -> set[str]:
    found: set[str] = set()
    for path in sources("leads/domain", "leads/api"):
        for call in nodes(path, ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id == "Fault" and call.args:
                found |= _texts(call.args[0])
    return found


def _texts(node: ast.expr) -> set[str]:
    if ast.unparse(node) in {"error.code", "why.code"}:  # of a record that a mapping could not convert
        return set(converter.CODES)
    if ast.unparse(node) == "code":  # of a cell of a workbook
        return set(bounds.OF_CELLS)
    if isinstance(node, ast.Name):  # a constant of the module that the file imports or defines
        return {
            str(getattr(module, node.id))
            for module in (parse, decode, converter, records, bounds, webhooks)
            if hasattr(module, node.id)
        }
    return {str(node.value)} if isinstance(node, ast.Constant) else PUT_TOGETHER[ast.unparse(node)[2:-1]]


def _refusals() -> list[tuple[str, str]]:
    """(file, code) of every refusal in leads."""
    return [
        (path.as_posix(), str(part.value.value))
        for path in sources("leads")
        for kind in nodes(path, ast.ClassDef)
        if any(isinstance(base, ast.Name) and base.id in {"Refused", "HasFaults"} for base in kind.bases)
        for part in kind.body
        if isinstance(part, ast.Assign)
        and ast.unparse(part.targets[0]) == "code"
        and isinstance(part.value, ast.Constant)
    ]


def _refusals_of_requests() -> set[str]:
    ours = {code for path, code in _refusals() if path not in FOR_PEOPLE | FOR_IMPORTS}
    keys = set(re.findall(r'AuthenticationFailed\([^)]*"(\w+)"\s*\)', text(Path("leads/api/authentication.py"))))
    return ours | keys | BY_NGINX | BY_THE_FRAMEWORK | {BAD_FILTER, BUSY, LeadMissing.code, ScopeMissing.code}
