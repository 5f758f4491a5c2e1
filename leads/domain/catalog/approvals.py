"""The kinds of approval of catalog facts, one for products, sources and action types each."""

from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse

from billing_engine.core.approvals.kinds import Effect, Kind, register
from leads.domain.catalog.facts import put_in_force
from leads.models import ActionTypeRevision, CatalogRevision, ProductRevision, SourceRevision

KINDS: dict[type[CatalogRevision], str] = {
    ProductRevision: "Category of a product",
    SourceRevision: "Channel of a source",
    ActionTypeRevision: "Billing facts of an action type",
}


def register_kinds(effect: Effect) -> None:
    """Make the kinds known, with what the person who approves sees of their effect; called at startup."""
    for model, words in KINDS.items():
        permission = f"leads.change_{model.SUBJECT.replace('_', '')}"
        register(
            Kind(
                code=f"{model.SUBJECT}_facts",
                words=words,
                model=model,
                permission=permission,
                written_by=frozenset(),
                approve=_approve,
                set_aside=_set_aside,
                page=_page,
                effect=effect,
            )
        )


def _approve(revision: CatalogRevision, by: User, at: datetime, reason: str) -> None:
    put_in_force(revision, by=by, at=at, reason=reason)


def _set_aside(revision: CatalogRevision, by: User, at: datetime, words: str) -> None:  # noqa: ARG001 -- called like all others
    revision.withdrawn_at = at
    revision.save(update_fields=["withdrawn_at"])


def _page(revision: CatalogRevision) -> str:
    subject = revision.subject
    return reverse(f"admin:leads_{subject._meta.model_name}_change", args=[subject.pk])
