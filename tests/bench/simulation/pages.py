"""The pages that operations wait for with five thousand rules: the list of rules, and “Try one action”."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings, setup_test_environment
from django.urls import reverse

from leads.models import Customer
from pricing.models import PriceRule
from tests.bench.world import MONTH, World, settle
from tests.factories.leads import agree_all

CUSTOMERS_AT_A_TIME = 100
WITHOUT_A_MANIFEST = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@dataclass(frozen=True)
class Waited:
    """How long a user waits for a page."""

    page: str
    ms: float
    worst_ms: float
    queries: int


def fill_up(here: World, rules: int) -> int:
    """Create the requested number of active rules, each with its scope and price; return the number of rules."""
    while (there := PriceRule.objects.count()) < rules:
        missing = (rules - there + 9) // 10
        count = min(missing, CUSTOMERS_AT_A_TIME)
        more = Customer.objects.bulk_create(
            Customer(code=f"M{there}-{number}", name=f"More {there}-{number}", billed_from=MONTH.first)
            for number in range(count)
        )
        agree_all(more)
        settle(more, here.sources, here.kinds, first_place=1)
    return there


@override_settings(STORAGES=WITHOUT_A_MANIFEST)
def measure_pages(times: int) -> list[Waited]:
    """Request each page repeatedly, as a user of Operations would, ignoring the first time."""
    setup_test_environment()  # without it, a page's context is not recorded
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("pages"))
    listed = reverse("admin:pricing_pricerule_changelist")
    rule = PriceRule.objects.filter(price_model="graduated", customer__isnull=False).order_by("-pk")[0]
    draft = PriceRule.objects.filter(state="draft").order_by("-pk")[0]
    form = client.get(reverse("admin:pricing_pricerule_change", args=[draft.pk])).context["adminform"].form
    typed = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    begin = draft.wall_from
    typed |= {"wall_from_0": f"{begin:%Y-%m-%d}", "wall_from_1": f"{begin:%H:%M}"}
    typed |= {"tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}

    def tried(pk: int, data: dict[str, object]) -> Callable[[], HttpResponse]:
        return lambda: client.post(reverse("admin:pricing_pricerule_try", args=[pk]), data)

    return [
        _waited("Try one action with a draft as it is typed", tried(draft.pk, typed), times),
        _waited("Try one action with a rule in force", tried(rule.pk, {}), times),
        _waited("List of thousands of rules", lambda: client.get(listed), times),
        _waited("List of thousands of rules, searched", lambda: client.get(listed, {"q": "Rule 42"}), times),
        _waited(
            "List of thousands of rules, of one customer", lambda: client.get(listed, {"customer__id__exact": 7}), times
        ),
    ]


def _waited(page: str, ask: Callable[[], HttpResponse], times: int) -> Waited:
    with CaptureQueriesContext(connection) as queries:
        answer = ask()
        asked = len(queries)
    if answer.status_code != 200 or b"as soon as the form is complete" in answer.content:
        raise RuntimeError(f"{page}: {answer.status_code}\n{answer.content.decode()[:2_000]}")
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - started) * 1e3)
    return Waited(page, median(taken), max(taken), asked)
