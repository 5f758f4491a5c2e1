"""A worker that simulates the customers of a simulation in turn, as Celery would hand them to it."""

from pricing.domain.simulation.simulate import simulate_customer
from tests.bench.worker import AT, a_share


def main() -> None:
    """Simulate each customer of the share."""
    with a_share() as items:
        for item in items:
            simulate_customer(item, at=AT)
