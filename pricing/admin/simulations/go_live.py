"""From a finished simulation on: activate its drafts, or ask for approval, as far as they are still as it tried them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, button, person
from billing_engine.core.errors import Refused
from pricing.admin.rules.buttons import CHANGE, Activation, ActivationRequest
from pricing.admin.rules.page import activation_in_words
from pricing.domain.rule_book.approval import check_second_person
from pricing.domain.rule_book.rules import activate
from pricing.domain.simulation.approvals import request_activation
from pricing.domain.simulation.tried import check_may_go_live, drafts_left
from pricing.models import PriceRule, Simulation


def may_go_live(simulation: Simulation) -> bool:
    """Whether it finished, and all of its drafts that are left are as it tried them."""
    try:
        check_may_go_live(simulation)
    except Refused:
        return False
    return True


def _check_second_person(simulation: Simulation, by: User) -> None:
    """Refuse like the activation of the first draft that this person may not activate; asked once for each person."""
    known = simulation.__dict__.setdefault("_refusals", {})
    if by.pk not in known:
        known[by.pk] = _refusal(simulation, by)
    if known[by.pk] is not None:
        raise known[by.pk]


def _refusal(simulation: Simulation, by: User) -> Refused | None:
    for draft in drafts_left(simulation):
        try:
            check_second_person(draft, by=by, at=now())
        except Refused as refusal:
            return refusal
    return None


def _named(verb: str) -> Callable[[Simulation], str]:
    def title(simulation: Simulation) -> str:
        left = drafts_left(simulation)
        return f"{verb} “{left[0]}”?" if len(left) == 1 else f"{verb} {len(left)} drafts?"

    return title


def _says(simulation: Simulation) -> str:
    left = drafts_left(simulation)
    if len(left) == 1:
        return activation_in_words(left[0])
    words = [f"“{draft}”: {activation_in_words(draft)}" for draft in left]
    return "\n\n".join(words)


class GoLive:
    """The buttons of a simulation's result."""

    @button(
        "Activate",
        permission=CHANGE,
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        offered=may_go_live,
        guard=_check_second_person,
        asks=Dialog(title=_named("Activate"), says=_says, form=Activation),
    )
    def activate_drafts(self, request: HttpRequest, simulation: Simulation, answers: dict[str, Any]) -> Done:
        by, at = person(request), now()
        words = "Open periods are rated again within seconds. Billed charges stay as they are."
        return _on_each(request, simulation, lambda draft: activate(draft, by=by, at=at, **answers), "Activated", words)

    @button(
        "Ask for approval",
        permission=CHANGE,
        icon="how_to_reg",
        variant=ActionVariant.PRIMARY,
        offered=may_go_live,
        instead_of=_check_second_person,
        asks=Dialog(title=_named("Ask for approval of"), says=_says, form=ActivationRequest),
    )
    def request_drafts(self, request: HttpRequest, simulation: Simulation, answers: dict[str, Any]) -> Done:
        by, at = person(request), now()
        return _on_each(
            request,
            simulation,
            lambda draft: request_activation(draft, by=by, at=at, **answers),
            "Approval requested",
            REQUESTED,
        )


def _on_each(
    request: HttpRequest, simulation: Simulation, act: Callable[[PriceRule], object], done: str, words: str
) -> Done:
    """One draft is refused in the dialog; of many, those refused are skipped and listed with the reason."""
    left = check_may_go_live(simulation)
    if len(left) == 1:
        act(left[0])
        return Done(f"{done}: {left[0]}. {words}", address_of(left[0]))
    for_each(request, left, act, done=done)
    address = list_of("pricing.pricerule", id__in=",".join(str(draft.pk) for draft in left))
    return Done(words, address, messages.INFO)
