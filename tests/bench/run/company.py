"""Data for billing: customers of equal size, ten rules of mixed models each, and a month of rated actions."""

from decimal import Decimal
from random import Random

from leads.models import ActionType, BillingPeriod, Channel, Customer, Delivery, Source, Tax
from pricing.models import PriceRule
from tests.bench.rulebook import KINDS, LONG_AGO
from tests.bench.world import ACTIONS, ACTIONS_A_LEAD, LEADS, MONTH, START, World, copy, give_facts, settle
from tests.factories.leads import agree_all

ACTIONS_EACH = 1_000


class EvenWorld(World):
    """The world of the other bench, with customers of equal size."""

    def load_evenly(self, periods: list[BillingPeriod]) -> None:
        """About a thousand actions each, of all customers mixed in order of time."""
        whose = [period for period in periods for _ in range(ACTIONS_EACH // ACTIONS_A_LEAD)]
        self.random.shuffle(whose)
        products = dict[int, list[int]]()
        for period in periods:
            products[period.customer_id] = list(period.customer.products.order_by("pk").values_list("pk", flat=True))
        leads = (self._lead(number, products[each.customer_id]) for number, each in enumerate(whose, self.leads + 1))
        copy(LEADS, leads)
        copy(ACTIONS, self._actions(whose, len(periods) * ACTIONS_EACH))
        self.leads += len(whose)
        self.actions += len(periods) * ACTIONS_EACH


def build(customers: int, seed: int = 20_261_001) -> tuple[EvenWorld, list[BillingPeriod]]:
    """Everything except the customers' leads and actions."""
    owners = create_customers(customers)
    channels = [*Channel.values, Channel.WEBSITE]
    sources = Source.objects.bulk_create(Source(code=f"source{n}", name=f"Source {n}") for n, _ in enumerate(channels))
    kinds = ActionType.objects.bulk_create(ActionType(code=code, name=code) for code in KINDS)
    give_facts(sources, lambda n, _: {"channel": channels[n]})
    give_facts(kinds, lambda _, kind: {"is_billable": kind.code != "site_visit"})
    delivery = Delivery.objects.create(source=sources[0], received_at=START, body=b"", body_size=0)
    world = EvenWorld(Random(seed), sources, kinds, delivery)
    periods = settle(owners, sources, kinds)
    # Nothing may stay unrated, because the close would be refused.
    PriceRule.objects.create(
        name="Anything else",
        unit_price=1,
        priority=-1,
        state="active",
        activated_at=LONG_AGO,
        wall_from=LONG_AGO.replace(tzinfo=None),
    )
    return world, periods


def create_customers(count: int) -> list[Customer]:
    """More customers with the same terms."""
    first = Customer.objects.count()
    owners = Customer.objects.bulk_create(
        Customer(code=f"C{number:05d}", name=f"Customer {number}", billed_from=MONTH.first)
        for number in range(first, first + count)
    )
    agree_all(owners, taxes=[Tax("Tax", Decimal(8)).as_stored()])
    return owners
