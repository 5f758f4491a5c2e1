"""Search providers for customers, leads, actions, products and sources."""

from collections.abc import Iterator
from functools import partial

from django.db.models import Q
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.search import Found, finds, list_named
from billing_engine.core.calendar.instants import instant_in_words
from leads.domain.access.contacts import VIEW_CONTACTS, masked
from leads.models import Channel, Customer, Product, Source, SourceRevision
from leads.models.revision import fact_on
from leads.queries.search import customers_named, first_actions, first_leads


@finds("Customers", place=1, permission="leads.view_customer", every=partial(list_named, "leads.customer"))
def _customers(term: str, at_most: int) -> Iterator[Found]:
    for customer in Customer.objects.filter(customers_named(term)).order_by("name", "pk")[:at_most]:
        detail = f"{customer.code} · {customer.currency}" + ("" if customer.is_active else " · inactive")
        yield Found(customer.name, detail, page_of("leads.customer", customer.pk))


@finds("Leads", place=3, permission="leads.view_lead", also=VIEW_CONTACTS, every=partial(list_named, "leads.lead"))
def _leads(term: str, at_most: int) -> Iterator[Found]:
    for lead in first_leads(term, at_most, by_person=True):
        told = (masked(lead.email or lead.name), lead.product.customer.name, lead.product.name)
        yield Found(lead.external_id, " · ".join(filter(None, told)), page_of("leads.lead", lead.pk))


@finds("Leads", place=3, permission="leads.view_lead", without=VIEW_CONTACTS, every=partial(list_named, "leads.lead"))
def _leads_without_contacts(term: str, at_most: int) -> Iterator[Found]:
    for lead in first_leads(term, at_most, by_person=False):
        told = f"{lead.product.customer.name} · {lead.product.name}"
        yield Found(lead.external_id, told, page_of("leads.lead", lead.pk))


@finds("Actions", place=4, permission="leads.view_action", every=partial(list_named, "leads.action"))
def _actions(term: str, at_most: int) -> Iterator[Found]:
    for action in first_actions(term, at_most):
        when = instant_in_words(action.occurred_at, action.period.customer.zone)
        detail = f"{action.action_type} · lead {action.lead} · {when}"
        yield Found(action.external_id, detail, page_of("leads.action", action.pk))


@finds("Products", place=6, permission="leads.view_product", every=partial(list_named, "leads.product"))
def _products(term: str, at_most: int) -> Iterator[Found]:
    named = Product.objects.filter(Q(sku__istartswith=term) | Q(name__icontains=term))
    for product in named.select_related("customer").order_by("name", "pk")[:at_most]:
        yield Found(product.name, f"{product.sku} · {product.customer}", page_of("leads.product", product.pk))


@finds("Sources", place=7, permission="leads.view_source", every=partial(list_named, "leads.source"))
def _sources(term: str, at_most: int) -> Iterator[Found]:
    named = Source.objects.filter(Q(code__istartswith=term) | Q(name__icontains=term))
    channel = fact_on(SourceRevision, "channel", now().date())
    found = named.order_by("name", "pk").values_list("pk", "name", "code", channel)
    for pk, name, code, its in found[:at_most]:
        yield Found(name, f"{code} · {Channel(its).label}", page_of("leads.source", pk))
