"""Everything that rating, billing and the paper read of customers, companies and the catalog is named here, with its writer.

What a result reads is guarded where it is written. A new column that is read must be named, and named means: it
is decided from which day a change of it applies, and who may make it.
"""

import ast
from collections.abc import Iterator

from leads.models import ActionType, Company, CompanyDetails, Customer, CustomerTerms, Product, Source
from tests.house.tree import product, tree

MODELS = (ActionType, Company, CompanyDetails, Customer, CustomerTerms, Product, Source)
# Where the result is decided and printed.
READERS = (
    "pricing/domain/rate",
    "pricing/domain/audit/terms.py",
    "invoices/domain/lines",
    "invoices/domain/document",
    "invoices/domain/life/close.py",
    "invoices/domain/life/transitions.py",
    "invoices/domain/life/numbers.py",
    "receivables/domain/disputes/quota.py",
)
# Revisions: a change applies from its first day, and the database refuses any other.
CUSTOMER_TERMS = {
    *("contract_from", "contract_to", "excluded_domains", "monthly_minimum", "monthly_budget", "hard_budget"),
    *("payment_terms_days", "dispute_days", "dispute_quota", "dispute_quota_sum"),
    *("taxes", "tax_exempt_reason", "seller", "locale", "detail_annex"),
    *("legal_name", "address", "tax_id", "purchase_order", "billing_contacts", "electronic_invoice"),
}
COMPANY_DETAILS = {"address", "tax_id", "email", "pay_to"}
# Names and numbers: printed, and fixed or frozen where it counts. `name` and `code` are also those of products and sources.
IDENTITY = {
    "name",
    "code",
    "currency",  # fixed by the first billing period
    "time_zone",  # as above
    "number_prefix",  # has a mechanism of its own: used prefixes stay their seller's
    "number_digits",  # as above
    "is_active",  # an inactive customer is left out of billing runs
    "sku",
}
CATALOG = {"category", "channel", "is_billable", "unit", "customer"}
NAMED = CUSTOMER_TERMS | COMPANY_DETAILS | IDENTITY | CATALOG
# Who makes rows of what is a revision; nothing else does, and rows in force never change.
WRITERS = {
    "CustomerTerms": {"leads/domain/customers.py", "leads/domain/terms/customer_terms.py"},
    "CompanyDetails": {"leads/domain/companies.py", "leads/domain/terms/company_details.py"},
}
WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update"}
NOT_COLUMNS = {"id", "created_at"}


def test_every_column_that_a_result_reads_is_named() -> None:
    assert columns_read() - NAMED == set()


def test_every_term_of_a_customer_and_every_detail_of_a_company_is_read() -> None:
    assert set(CustomerTerms.TERMS) == CUSTOMER_TERMS == CUSTOMER_TERMS & columns_read()
    assert set(CompanyDetails.TERMS) == COMPANY_DETAILS == COMPANY_DETAILS & columns_read()
    assert "tax_rates" in attributes_read()  # the taxes, as values


def test_a_revision_has_the_writers_that_are_named_and_no_others() -> None:
    found = {name: {path.as_posix() for path in product() if _writes(tree(path), name)} for name in WRITERS}

    assert found == WRITERS


def columns_read() -> set[str]:
    """The columns of these models that the readers name, as an attribute or in a query."""
    found = {field.name for model in MODELS for field in model._meta.concrete_fields}
    of_revisions = {field.name for field in CustomerTerms._meta.concrete_fields} - set(CustomerTerms.TERMS)
    columns = found - of_revisions - NOT_COLUMNS
    return columns & (attributes_read() | _named_in_queries())


def attributes_read() -> set[str]:
    return {node.attr for node in _nodes() if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


def _named_in_queries() -> set[str]:
    """The columns in `values` and `values_list`."""
    calls = (node for node in _nodes() if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    queries = (call for call in calls if call.func.attr in {"values", "values_list"})  # type: ignore[attr-defined]  # above
    return {arg.value for call in queries for arg in call.args if isinstance(arg, ast.Constant)}


def _nodes() -> Iterator[ast.AST]:
    for path in product():
        if path.as_posix().startswith(READERS):
            yield from ast.walk(tree(path))


def _writes(module: ast.AST, model: str) -> bool:
    """Whether a module makes a row: `Model(...)` or `Model.objects.create(...)`."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        is_made = isinstance(node.func, ast.Name) and node.func.id == model
        is_written = isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
        if is_made or (is_written and ast.unparse(node.func).startswith(f"{model}.objects")):
            return True
    return False
