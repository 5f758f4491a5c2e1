"""Swatchyard: eight brands, their products, eleven sources, and the price rules of Operations."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from billing_engine.core.calendar.wall_clock import read
from billing_engine.local_servers import LocalServerError
from leads.domain.catalog.sources import save_source
from leads.domain.catalog.subjects import save_action_type, save_product
from leads.domain.customers import add_customer
from leads.domain.mapping.doors import FILES
from leads.domain.mapping.mappings import save_mapping
from leads.models import ActionType, Channel, Customer, Product, Source, SourceMapping, Tax
from leads.models.terms import TERMS
from pricing.domain.rule_book.rules import activate
from pricing.models import PriceRule

# The seller of the invoices, unless the environment names another.
SELLER = {
    "SELLER_NAME": "Swatchyard, Inc.",
    "SELLER_ADDRESS": "350 Harbor Street, Floor 4\\nBrooklyn, NY 11231\\nUnited States",
    "SELLER_TAX_ID": "EIN 00-0000000",
    "SELLER_EMAIL": "billing@swatchyard.example",
    "SELLER_PAY_TO": "Swatchyard, Inc.\\nFirst Example Bank, routing 000000000, account 0000000000\\nName the invoice number",
}
FROM = read("2020-01-01")

ACTION_TYPES = [
    ("page_view", "Page view", "view", True),
    ("spec_download", "Spec download", "download", True),
    ("sample_order", "Sample order", "sample", True),
    ("quote_request", "Quote request", "request", True),
    ("webinar_question", "Webinar question", "question", True),
    ("project_save", "Saved to a project", "save", False),
    ("bim_download", "BIM object download", "download", True),
]

CUSTOMERS: list[dict[str, Any]] = [
    {
        "code": "TERRAZZA",
        "name": "Terrazza Stoneworks",
        "legal_name": "Terrazza Stoneworks, Inc.",
        "time_zone": "America/New_York",
        "taxes": [Tax("Sales tax", Decimal("8.875"))],
        "address": "418 Quarry Lane\nBarre, VT 05641\nUnited States",
        "purchase_order": "PO-2026-0117",
        "excluded_domains": ["terrazza.example"],
    },
    {
        "code": "NORTHLIGHT",
        "name": "Northlight Carpets",
        "legal_name": "Northlight Carpet Mills LLC",
        "time_zone": "America/Chicago",
        "address": "90 Loom Street\nDalton, GA 30720\nUnited States",
        "monthly_minimum": Decimal(750),
        "payment_terms_days": 45,
    },
    {
        "code": "FJORD",
        "name": "Fjord Acoustics",
        "legal_name": "Fjord Acoustics AS",
        "currency": "EUR",
        "time_zone": "Europe/Oslo",
        "locale": "nb_NO",
        "tax_exempt_reason": "Services to a business abroad: reverse charge",
        "address": "Sandviksbodene 12\n5035 Bergen\nNorway",
        "tax_id": "NO 912 345 678 MVA",
    },
    {
        "code": "CORIUM",
        "name": "Corium Leather House",
        "time_zone": "America/Los_Angeles",
        "address": "2200 Tannery Way\nPortland, OR 97209\nUnited States",
        "monthly_budget": Decimal(600),
        "hard_budget": True,
    },
    {
        "code": "LUMEN",
        "name": "Lumen Glassworks",
        "time_zone": "America/New_York",
        "taxes": [Tax("Sales tax", Decimal(6))],
        "address": "7 Furnace Road\nCorning, NY 14830\nUnited States",
        "excluded_domains": ["lumenglass.example", "designschool.example"],
    },
    {
        "code": "HIKARI",
        "name": "Hikari Textiles",
        "legal_name": "Hikari Textiles K.K.",
        "currency": "JPY",
        "time_zone": "Asia/Tokyo",
        "locale": "ja_JP",
        "taxes": [Tax("Consumption tax", Decimal(10))],
        "address": "3-14 Nishijin\nKamigyo-ku, Kyoto 602-8216\nJapan",
    },
    {
        "code": "ARBOR",
        "name": "Arbor & Grain Architectural Veneers and Sustainable Timber Surfaces",
        "time_zone": "America/Denver",
        "address": "1500 Mill Road\nMissoula, MT 59801\nUnited States",
    },
    {
        "code": "KILN",
        "name": "Kiln & Clay Tile",
        "time_zone": "America/Chicago",
        "taxes": [Tax("Sales tax", Decimal("6.35"))],
        "address": "33 Glaze Court\nSt. Louis, MO 63110\nUnited States",
    },
]

PRODUCTS = {
    "TERRAZZA": [
        ("TZ-101", "Palladiana Bianco", "stone"),
        ("TZ-140", "Micro Terrazzo Ash", "stone"),
        ("TZ-205", "Basalt Slab", "stone"),
    ],
    "NORTHLIGHT": [
        ("NL-12", "Aurora Tufted", "carpet"),
        ("NL-18", "Tundra Loop Tile", "carpet"),
        ("NL-30", "Drift Wool", "carpet"),
    ],
    "FJORD": [("FJ-1", "Felt Baffle 40", "acoustics"), ("FJ-7", "Pine Slat Panel", "acoustics")],
    "CORIUM": [("CL-5", "Saddle Full Grain", "leather"), ("CL-9", "Nubuck Sand", "leather")],
    "LUMEN": [
        ("LG-2", "Reeded Glass 8 mm", "glass"),
        ("LG-4", "Smoked Laminate", "glass"),
        ("LG-8", "Dichroic Film", "glass"),
    ],
    "HIKARI": [("HK-11", "Shibori Linen", "textile"), ("HK-15", "Kasuri Weave", "textile")],
    "ARBOR": [("AG-3", "Quarter-Sawn White Oak", "wood"), ("AG-6", "Smoked Larch", "wood")],
    "KILN": [
        ("KC-1", "Zellige Sea", "tiles"),
        ("KC-2", "Encaustic Grid", "tiles"),
        ("KC-9", "Terracotta Hex", "tiles"),
    ],
}

SOURCES = [
    ("web", "swatchyard.example", Channel.WEBSITE),
    ("social", "Social media", Channel.SOCIAL_MEDIA),
    ("mail", "Email campaigns", Channel.EMAIL_CAMPAIGN),
    ("referral", "Designer referrals", Channel.REFERRAL),
    ("webinar", "Webinars", Channel.WEBINAR),
    ("event", "Studio events", Channel.EVENT),
    ("demo", "Demo requests", Channel.DEMO_REQUEST),
    ("tradeshow", "Trade shows", Channel.TRADE_SHOW),
    ("conference", "Conferences", Channel.CONFERENCE),
    ("newsletter", "Newsletter", Channel.NEWSLETTER),
    ("feedback", "Feedback forms", Channel.FEEDBACK),
]

# How the badge scanner's files become leads of the trade shows.
BADGE_SCANS = {
    "zone": "America/New_York",
    "fields": {
        "id": "join('-', ['badge', Badge])",
        "product.sku": "SKU",
        "product.customer": "Exhibitor",
        "contact.name": "Name",
        "contact.email": '"E-mail"',  # prose: E-mail -- how the scanner names its column
        "contact.firm": "Company",
    },
    "actions": [
        {
            "fields": {
                "id": {"constant": "scan"},
                "type": {"from": '"Asked for"', "values": {"Samples": "sample_order", "A quote": "quote_request"}},
                "occurred_at": {"from": "Scanned", "date": "month_first"},
            }
        }
    ],
}

# (name, scope, price): a price is a unit price, or tiers of (up to, unit price, flat fee).
RULES: list[tuple[str, dict[str, Any], str | list[tuple[int | None, str, str]]]] = [
    ("Sample order", {"action_type": "sample_order"}, "2.50"),
    ("Spec download", {"action_type": "spec_download"}, "0.75"),
    ("Quote request", {"action_type": "quote_request"}, "18.00"),
    ("Webinar question", {"action_type": "webinar_question"}, "4.00"),
    (
        "Page views, by volume",
        {"action_type": "page_view"},
        [(100, "0.05", "0"), (500, "0.03", "0"), (None, "0.0125", "0")],
    ),
    ("Sample order at a trade show", {"action_type": "sample_order", "channel": Channel.TRADE_SHOW}, "3.25"),
    ("Stone samples", {"action_type": "sample_order", "category": "stone"}, "3.75"),
    ("Terrazza: sample orders by contract", {"action_type": "sample_order", "customer": "TERRAZZA"}, "3.10"),
    (
        "Northlight: sample orders, graduated",
        {"action_type": "sample_order", "customer": "NORTHLIGHT"},
        [(50, "2.40", "0"), (150, "2.10", "0"), (None, "1.80", "25.00")],
    ),
    ("Newsletter page views are included", {"action_type": "page_view", "channel": Channel.NEWSLETTER}, "0"),
    ("Fjord: everything", {"customer": "FJORD", "currency": "EUR"}, "0.35"),
    ("Fjord: quote requests", {"customer": "FJORD", "currency": "EUR", "action_type": "quote_request"}, "16.50"),
    ("Hikari: samples", {"customer": "HIKARI", "currency": "JPY", "action_type": "sample_order"}, "380"),
    ("Hikari: everything else", {"customer": "HIKARI", "currency": "JPY"}, "45"),
]

# Name, password, role. For local use: the server listens only on this machine.
PEOPLE = [
    ("operations", "sample-operations", "Operations"),
    ("finance", "sample-finance", "Finance"),
    ("viewer", "sample-viewer", "Viewer"),
    ("admin", "sample-admin", None),
]


def exists() -> bool:
    """Whether the sample company exists."""
    return Customer.objects.filter(code="TERRAZZA").exists()


def refuse_elsewhere(host: str) -> None:
    """Raise unless the database is on this machine: an empty one elsewhere may be about to become a real one."""
    if host and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1"):
        raise LocalServerError(
            f"The database is on {host}. The sample company, whose users have publicly known passwords, is added only to "
            "a database on this machine. Start with --no-sample, or leave DATABASE_URL empty."
        )


def refuse_among_others() -> None:
    """Raise if the database is already in use: sample users have publicly known passwords."""
    if not exists() and (User.objects.exists() or Customer.objects.exists()):
        raise LocalServerError(
            "This database already has users or customers, so no sample company was added. Start with --no-sample, "
            "or name an empty database in DATABASE_URL."
        )


@transaction.atomic
def create(*, at: datetime, billed_from: date) -> None:
    """Create the company: users, customers billed from that day, products, sources, action types, active price rules."""
    admin = _people()
    for code, name, unit, billable in ACTION_TYPES:
        facts = {"unit": unit, "is_billable": billable}
        save_action_type(ActionType(code=code, name=name), facts=facts, by=admin, at=at)
    customers = {facts["code"]: _customer(facts | {"billed_from": billed_from}, by=admin, at=at) for facts in CUSTOMERS}
    for code, products in PRODUCTS.items():
        for sku, name, category in products:
            product = Product(customer=customers[code], sku=sku, name=name)
            save_product(product, facts={"category": category}, by=admin, at=at)
    for code, name, channel in SOURCES:
        save_source(Source(code=code, name=name), facts={"channel": channel}, by=admin, at=at)
    mapping = SourceMapping(source=Source.objects.get(code="tradeshow"), name="Badge scans", door=FILES)
    save_mapping(mapping, document=BADGE_SCANS, by=admin, at=at)
    for name, scope, price in RULES:
        activate(_rule(name, scope, price, customers), by=admin, at=at, reason="Opening prices")


def _people() -> User:
    for name, password, role in PEOPLE:
        address = f"{name}@swatchyard.example"
        user = User.objects.create_user(name, address, password, is_staff=True, is_superuser=role is None)
        if role:
            user.groups.add(Group.objects.get(name=role))
    return User.objects.get(username="admin")


def _customer(facts: dict[str, Any], *, by: User, at: datetime) -> Customer:
    terms = {name: facts[name] for name in TERMS if name in facts}
    terms["taxes"] = [tax.as_stored() for tax in facts.get("taxes", ())]
    terms["billing_contacts"] = [f"payables@{facts['code'].lower()}.example"]
    customer = Customer(**{name: value for name, value in facts.items() if name not in terms})
    return add_customer(customer, terms=terms, by=by, at=at)


def _rule(
    name: str,
    scope: dict[str, Any],
    price: str | list[tuple[int | None, str, str]],
    customers: dict[str, Customer],
) -> PriceRule:
    facts = dict(scope)
    if "action_type" in facts:
        facts["action_type"] = ActionType.objects.get(code=facts["action_type"])
    if "customer" in facts:
        facts["customer"] = customers[facts["customer"]]
    if isinstance(price, str):
        return PriceRule.objects.create(name=name, wall_from=FROM, unit_price=Decimal(price), **facts)
    rule = PriceRule.objects.create(name=name, wall_from=FROM, price_model="graduated", **facts)
    for up_to, unit_price, flat_fee in price:
        rule.tiers.create(up_to=up_to, unit_price=Decimal(unit_price), flat_fee=Decimal(flat_fee))
    return rule
