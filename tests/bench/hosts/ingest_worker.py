"""A worker that ingests: bodies of a hundred leads, received in this process."""

from random import Random

from leads.models import ActionType, Delivery, Source
from tests.bench.growth.deliveries import ingest
from tests.bench.worker import a_share
from tests.bench.world import World


def main() -> None:
    """Ingest the number of bodies of the share, with ids of the worker's own number."""
    with a_share() as share:
        if share:
            number, bodies = share
            sources, kinds = list(Source.objects.order_by("pk")), list(ActionType.objects.order_by("pk"))
            delivery = Delivery.objects.earliest("pk")
            ingest(World(Random(number), sources, kinds, delivery), bodies, prefix=f"W{number}")
