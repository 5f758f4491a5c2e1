"""Factories for the app `leads`."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from billing_engine.core.calendar.spans import Month
from leads.domain.catalog.facts import REVISIONS, first_facts, values
from leads.models import (
    Action,
    ActionType,
    ApiKey,
    ArchiveRun,
    BillingPeriod,
    BulkRetry,
    CatalogRevision,
    Channel,
    Company,
    CompanyDetails,
    Customer,
    CustomerKey,
    CustomerTerms,
    Delivery,
    Erasure,
    FileImport,
    Hook,
    HookRefusal,
    Lead,
    MappingRevision,
    Product,
    QuarantinedItem,
    QuarantineStep,
    SigningSecret,
    Source,
    SourceMapping,
    Tax,
)
from leads.models.company import DETAILS
from leads.models.revision import BEGINNING
from leads.models.terms import TERMS

OCTOBER = Month(2026, 10)
LONG_AGO = date(2020, 1, 1)
MID_OCTOBER = datetime(2026, 10, 15, 12, tzinfo=UTC)
WRITTEN = {"written_at": datetime(2020, 1, 1, tzinfo=UTC), "in_force_at": datetime(2020, 1, 1, tzinfo=UTC)}


def agree(customer: Customer, *, first_day: date = BEGINNING, **terms: Any) -> CustomerTerms:
    """Put terms in force, as if they had been written long ago; those not named stay as they are on the first day."""
    there = {name: getattr(customer.terms.on(first_day), name) for name in TERMS} if customer.terms.exists() else {}
    row = CustomerTerms(customer=customer, first_day=first_day, **there | terms, **WRITTEN)
    row.changed = sorted(terms) or list(TERMS)
    row.save(force_insert=True)
    return row


def agree_all(customers: Iterable[Customer], **terms: Any) -> list[Customer]:
    """The usual terms, or these, for many new customers at once."""
    there = list(customers)
    CustomerTerms.objects.bulk_create(
        CustomerTerms(customer=each, first_day=BEGINNING, changed=list(TERMS), **terms, **WRITTEN) for each in there
    )
    return there


class CompanyFactory(DjangoModelFactory[Company]):
    class Meta:
        model = Company

    code = factory.Sequence(lambda n: f"OUR{n % 1000}")  # longer codes make numbers that are too long
    name = factory.LazyAttribute(lambda company: f"{company.code}, Inc.")
    number_prefix = factory.LazyAttribute(lambda company: f"{company.code}-{{year}}-")

    @classmethod
    def _create(cls, model_class: type[Company], *args: Any, **facts: Any) -> Company:
        details = {"address": "1 Way"} | {name: facts.pop(name) for name in DETAILS if name in facts}
        company: Company = super()._create(model_class, *args, **facts)
        CompanyDetails.objects.create(company=company, changed=list(DETAILS), first_day=BEGINNING, **details, **WRITTEN)
        return company


class CustomerFactory(DjangoModelFactory[Customer]):
    """A customer with its terms, always in force; `tax_rate=19`: one tax on everything."""

    class Meta:
        model = Customer

    code = factory.Sequence(lambda n: f"ACME{n}")
    name = factory.LazyAttribute(lambda customer: customer.code.title())
    billed_from = LONG_AGO

    @classmethod
    def _create(cls, model_class: type[Customer], *args: Any, **facts: Any) -> Customer:
        if rate := facts.pop("tax_rate", 0):
            facts["taxes"] = [Tax("Tax", Decimal(rate)).as_stored()]
        agreed = {name: facts.pop(name) for name in TERMS if name in facts}
        customer: Customer = super()._create(model_class, *args, **facts)
        agree(customer, **agreed)
        return customer


class WithFacts(DjangoModelFactory[Any]):
    """Creates a subject of the catalog with its facts from the beginning, given like its other fields."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **fields: Any) -> Any:
        facts = {name: fields.pop(name) for name in REVISIONS[model_class].FACTS if name in fields}
        subject = super()._create(model_class, *args, **fields)
        if not subject.revisions.exists():
            first_facts(subject, at=MID_OCTOBER, by=None, facts=facts).save()
        return subject


def from_day(subject: Product | Source | ActionType, day: date = LONG_AGO, **facts: Any) -> CatalogRevision:
    """Other facts in force from a day on, as if a second person had approved them."""
    subject = type(subject).objects.get(pk=subject.pk)
    everything = values(subject.facts_on(day)) | facts
    revision = first_facts(subject, at=MID_OCTOBER, by=None, facts=everything)
    revision.first_day = day
    revision.save()
    return revision


class ProductFactory(WithFacts, DjangoModelFactory[Product]):
    class Meta:
        model = Product

    customer = factory.SubFactory(CustomerFactory)
    sku = factory.Sequence(lambda n: f"TILE-{n}")
    name = factory.LazyAttribute(lambda product: f"Product {product.sku}")


class SourceFactory(WithFacts, DjangoModelFactory[Source]):
    class Meta:
        model = Source

    code = factory.Sequence(lambda n: f"web{n}")
    name = factory.LazyAttribute(lambda source: f"Source {source.code}")
    channel = Channel.WEBSITE


class SourceMappingFactory(DjangoModelFactory[SourceMapping]):
    """A mapping of files with its first revision, which has this document."""

    class Meta:
        model = SourceMapping

    source = factory.SubFactory(SourceFactory)
    name = factory.Sequence(lambda n: f"Export {n}")
    door = "files"

    @classmethod
    def _create(cls, model_class: type[SourceMapping], *args: Any, **facts: Any) -> SourceMapping:
        document = facts.pop("document", {"fields": {"id": "id"}})
        mapping: SourceMapping = super()._create(model_class, *args, **facts)
        MappingRevision.objects.create(
            mapping=mapping, number=1, document=document, reason="First version", written_at=MID_OCTOBER
        )
        return mapping


class CustomerKeyFactory(DjangoModelFactory[CustomerKey]):
    class Meta:
        model = CustomerKey

    customer = factory.SubFactory(CustomerFactory)
    name = "Warehouse"
    contact = "ap@northlight.example"
    scopes = factory.List(["read"])
    prefix = factory.Sequence(lambda n: f"c{n:07x}")
    digest = "0" * 64


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    class Meta:
        model = ApiKey

    source = factory.SubFactory(SourceFactory)
    prefix = factory.Sequence(lambda n: f"{n:08x}")
    digest = "0" * 64


class SigningSecretFactory(DjangoModelFactory[SigningSecret]):
    class Meta:
        model = SigningSecret

    source = factory.SubFactory(SourceFactory)
    sealed = b""
    hint = "whsec_ABCD"


class HookFactory(DjangoModelFactory[Hook]):
    class Meta:
        model = Hook

    source = factory.SubFactory(SourceFactory)
    kind = Hook.Kind.TYPEFORM
    prefix = factory.Sequence(lambda n: f"h{n:07x}")
    digest = "0" * 64
    sealed = b""


class HookRefusalFactory(DjangoModelFactory[HookRefusal]):
    class Meta:
        model = HookRefusal

    hook = factory.SubFactory(HookFactory)
    day = MID_OCTOBER.date()
    code = factory.Sequence(lambda n: f"hook_signature_wrong_{n}")
    message = "The signature is wrong."
    last_at = MID_OCTOBER


class ActionTypeFactory(WithFacts, DjangoModelFactory[ActionType]):
    class Meta:
        model = ActionType
        django_get_or_create = ("code",)

    code = "sample_order"
    name = factory.LazyAttribute(lambda kind: kind.code.replace("_", " ").capitalize())
    unit = "sample"


class BillingPeriodFactory(DjangoModelFactory[BillingPeriod]):
    class Meta:
        model = BillingPeriod
        django_get_or_create = ("customer", "label")

    class Params:
        month = OCTOBER

    customer = factory.SubFactory(CustomerFactory)
    label = factory.LazyAttribute(lambda period: str(period.month))
    start_at = factory.LazyAttribute(lambda period: period.month.span(period.customer.zone).start)
    end_at = factory.LazyAttribute(lambda period: period.month.span(period.customer.zone).end)


class DeliveryFactory(DjangoModelFactory[Delivery]):
    class Meta:
        model = Delivery

    source = factory.SubFactory(SourceFactory)
    received_at = MID_OCTOBER
    content_type = "application/json"
    body = b"x\x9c\x03\x00\x00\x00\x00\x01"  # nothing, compressed
    body_size = 0
    body_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class LeadFactory(DjangoModelFactory[Lead]):
    class Meta:
        model = Lead

    source = factory.SubFactory(SourceFactory)
    product = factory.SubFactory(ProductFactory)
    delivery = factory.SubFactory(DeliveryFactory, source=factory.SelfAttribute("..source"))
    external_id = factory.Sequence(lambda n: f"L-{n}")
    email = "ann@studio.example"
    person_key = factory.SelfAttribute("email")
    received_at = MID_OCTOBER


class ActionFactory(DjangoModelFactory[Action]):
    class Meta:
        model = Action

    lead = factory.SubFactory(LeadFactory)
    external_id = factory.Sequence(lambda n: f"A-{n}")
    action_type = factory.SubFactory(ActionTypeFactory)
    period = factory.SubFactory(BillingPeriodFactory, customer=factory.SelfAttribute("..lead.product.customer"))
    delivery = factory.SelfAttribute("lead.delivery")
    occurred_at = MID_OCTOBER


class QuarantinedItemFactory(DjangoModelFactory[QuarantinedItem]):
    class Meta:
        model = QuarantinedItem

    delivery = factory.SubFactory(DeliveryFactory)
    source = factory.SelfAttribute("delivery.source")
    kind = QuarantinedItem.Kind.LEAD
    pointer = "/0/product/sku"
    code = "unknown_product"
    message = "No product has the SKU 'TILE-X'."
    content = factory.LazyFunction(lambda: {"id": "L-1", "product": {"sku": "TILE-X"}})
    received_at = MID_OCTOBER
    months = factory.LazyAttribute(lambda item: [f"{item.received_at:%Y-%m}"])


class FileImportFactory(DjangoModelFactory[FileImport]):
    """An uploaded file that is to be checked."""

    class Meta:
        model = FileImport

    source = factory.SubFactory("tests.factories.leads.SourceFactory")
    name = "fair.csv"
    size = 1_204
    sha256 = factory.Sequence(lambda n: f"{n:064}")
    uploaded_at = MID_OCTOBER
    uploaded_by = factory.SubFactory("tests.factories.people.UserFactory")


class ErasureFactory(DjangoModelFactory[Erasure]):
    """A finished erasure of a person."""

    class Meta:
        model = Erasure

    kind = Erasure.Kind.PERSON
    asked_at = MID_OCTOBER
    finished_at = MID_OCTOBER
    reason = "Request 17"


class ArchiveRunFactory(DjangoModelFactory[ArchiveRun]):
    """A finished run."""

    class Meta:
        model = ArchiveRun

    started_at = MID_OCTOBER
    finished_at = MID_OCTOBER
    before = MID_OCTOBER
    total = 3
    moved = 3
    up_to = 3


class BulkRetryFactory(DjangoModelFactory[BulkRetry]):
    class Meta:
        model = BulkRetry

    source = factory.SubFactory(SourceFactory)
    code = "unknown_product"
    started_at = MID_OCTOBER
    total = 3
    up_to = 3


class QuarantineStepFactory(DjangoModelFactory[QuarantineStep]):
    class Meta:
        model = QuarantineStep

    item = factory.SubFactory(QuarantinedItemFactory)
    kind = QuarantineStep.Kind.REFUSED_AGAIN
    at = MID_OCTOBER
