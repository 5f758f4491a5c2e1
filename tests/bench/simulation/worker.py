"""A worker that simulates: as Celery hands it one customer of a simulation after the other."""

from pricing.domain.simulation.simulate import simulate_customer
from tests.bench.worker import AT, a_share


def main() -> None:
    """Simulate each customer of the share."""
    with a_share() as items:
        for item in items:
            simulate_customer(item, at=AT)
