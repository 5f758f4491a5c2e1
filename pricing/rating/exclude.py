"""Step 1: actions that are never charged, whatever their price. The first reason that applies is given."""

from pricing.rating.values import ActionFacts, Catalog, CustomerFacts

VOIDED = "voided"
NOT_BILLABLE = "not_billable"
TEST_LEAD = "test_lead"
OUTSIDE_CONTRACT = "outside_contract"
DISPUTED = "disputed"
EXCLUDED_CONTACT = "excluded_contact"
WAIVED = "waived"
# Found in later steps: step 3, and step 4's option.
ALREADY_CHARGED = "already_charged"
NOT_HIGHEST = "not_highest"

REASONS = (
    VOIDED,
    NOT_BILLABLE,
    TEST_LEAD,
    OUTSIDE_CONTRACT,
    DISPUTED,
    EXCLUDED_CONTACT,
    WAIVED,
    ALREADY_CHARGED,
    NOT_HIGHEST,
)


def exclusion(action: ActionFacts, customer: CustomerFacts, catalog: Catalog) -> str:
    """The code of the first exclusion that applies, or "" if none does."""
    if action.is_voided:
        return VOIDED
    if not catalog.bills(action):
        return NOT_BILLABLE
    if action.is_test:
        return TEST_LEAD
    if _outside_contract(action, customer):
        return OUTSIDE_CONTRACT
    if action.is_disputed:
        return DISPUTED
    if customer.excluded_domains and _domain(action.person) in customer.excluded_domains:
        return EXCLUDED_CONTACT
    return WAIVED if action.is_waived else ""


def excludes_some(customer: CustomerFacts) -> bool:
    """Whether the customer's terms exclude some actions: contract dates, excluded domains."""
    bounds = (customer.contract_start, customer.contract_end)
    return bounds != (None, None) or bool(customer.excluded_domains)


def _domain(person: str) -> str:
    """The domain of an email address; "" for a person without one."""
    _, at, domain = person.rpartition("@")
    return domain if at else ""


def _outside_contract(action: ActionFacts, customer: CustomerFacts) -> bool:
    start, end = customer.contract_start, customer.contract_end
    return (start is not None and action.occurred_at < start) or (end is not None and action.occurred_at >= end)
