"""The dialogs that change terms: one per owner; what needs a second person is shown with its effect first."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from django import forms
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.dialogs import Dialog
from billing_engine.core.errors import Refused
from leads.admin.terms.fields import term_fields
from leads.domain.terms.company_details import DetailsProposal
from leads.domain.terms.customer_terms import Proposal
from leads.models.revision import RevisionOfTerms

AnyProposal = Proposal | DetailsProposal
TEMPLATE = "leads/change_terms.html"


class LookAtIt(Refused):
    """A change that needs a second person is shown with its effect before it is requested."""

    code = "look_at_it"
    message = "Nothing has changed yet. Look at the effect, then press the button again to request approval."

    def __init__(self, proposal: AnyProposal) -> None:
        super().__init__()
        self.proposal = proposal


def terms_form(model: type[RevisionOfTerms], names: Sequence[str]) -> type[forms.Form]:
    """A form for these terms, their first day, and the reason."""
    fields: dict[str, Any] = {
        "first_day": forms.DateField(
            label="From",
            widget=UnfoldAdminDateWidget,
            help_text="First day. A billing period uses the terms of its own first day.",
        ),
        **term_fields(model, names),
        "reason": forms.CharField(
            max_length=500,
            required=False,
            widget=UnfoldAdminTextInputWidget,
            help_text="Kept in the history. Required if a second person has to approve the change.",
        ),
    }
    return type("TermsForm", (_Seen,), fields)


class _Seen(forms.Form):
    """A form that is sent twice: the second time with a mark of the effect that was shown."""

    def clean(self) -> dict[str, Any]:
        """Add which effect the person has seen."""
        given = super().clean() or self.cleaned_data
        return given | {"seen": self.data.get("seen", "")}


def terms_dialog(
    title: Callable[[Any], str], form: type[forms.Form], first: Callable[[Any], dict[str, Any]], says: str
) -> Dialog:
    """The dialog of one owner's terms."""
    return Dialog(title=title, says=says, submit="Save", form=form, first=first, template=TEMPLATE, also=_shown)


def check_was_seen(proposal: AnyProposal, seen: str) -> None:
    """Refuse a change that needs a second person until exactly this effect was shown."""
    if proposal.why_approval and seen != _mark(proposal):
        raise LookAtIt(proposal)


def changes_in(answers: Mapping[str, Any], first: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The terms that the person changed on the form; the others stay what they are on the first day."""
    return {name: answers[name] for name in names if answers[name] != first[name]}


def outcome(revision: RevisionOfTerms, *, since: str) -> str:
    """What happened, in words."""
    if revision.in_force_at is None:
        return "Approval was requested. Until a second person approves it, the terms stay as they are."
    started = revision.first_day <= now().date()
    return f"Saved. It applies {since}." if started else f"Saved. It will apply {since}."


def _shown(row: Any, form: forms.Form, refused: Refused | None) -> dict[str, Any]:  # noqa: ARG001 -- as a Dialog calls it
    if not isinstance(refused, LookAtIt):
        return {}
    proposal = refused.proposal
    shown: dict[str, Any] = {
        "why": proposal.why_approval,
        "mark": _mark(proposal),
        "differences": proposal.in_words(),
    }
    if isinstance(proposal, Proposal):
        effect = proposal.effect
        shown |= {"periods": effect.periods, "failing_checks": effect.failing_checks, "note": effect.note}
    return {"effect": shown, "presses": "Request approval"}


def _mark(proposal: AnyProposal) -> str:
    """Fingerprint what was shown: if anything about it differs, it is shown again."""
    first_day: date = proposal.revision.first_day
    effect = proposal.effect if isinstance(proposal, Proposal) else None
    periods = [(each.period.pk, each.now, each.then) for each in effect.periods] if effect else []
    told = (first_day.isoformat(), proposal.in_words(), periods, effect.failing_checks if effect else [])
    return sha256(repr(told).encode()).hexdigest()[:16]
