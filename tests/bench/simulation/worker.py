"""A worker that simulates the customers of a simulation in batches, as Celery would hand them to it."""

from pricing.domain.simulation.simulate import SIMULATIONS, simulate_customers
from pricing.models import SimulatedCustomer
from tests.bench.worker import AT, a_share


def main() -> None:
    """Simulate the customers of the share."""
    with a_share() as items:
        for batch in SIMULATIONS.batches(SimulatedCustomer.objects.filter(pk__in=items)):
            simulate_customers([item.pk for item in batch], at=AT)
