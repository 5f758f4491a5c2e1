"""A source that sends leads and actions, retries until it gets a response, and voids some actions."""

import http.client
import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.soak.ledger import Key, Ledger, Sent
from tests.soak.threads import Actor
from tests.soak.world import CUSTOMERS, KINDS, SKUS, World

PATIENCE_SECONDS = 180
BUSY = (429, 500, 502, 503, 504)
WEIGHTS = (60, 25, 20, 15)


@dataclass
class Delivery:
    """One body and its content."""

    leads: list[dict[str, Any]]
    key: str = ""  # its Idempotency-Key, if any
    actions: dict[Key, Sent] = field(default_factory=dict)
    voids: set[Key] = field(default_factory=set)
    is_answered: bool = False


class Sender(Actor):
    """One source, one delivery at a time."""

    def __init__(self, source: str, *, address: str, world: World, seed: int, ledger: Ledger) -> None:
        super().__init__(f"source {source}", seed=seed, ledger=ledger, pause=(0.02, 0.2))
        self._source, self._world, self._url = source, world, f"{address}api/v1/deliveries"
        self._leads: list[str] = []
        self._taken: list[Key] = []
        self._before: list[Delivery] = []
        self._number = 0

    def act(self) -> None:
        if self._before and self.draw.random() < 0.15:
            delivery = self.draw.choice(self._before)  # sent again, as a sender who is unsure does
        else:
            delivery = self._new()
            self._before = [*self._before[-50:], delivery]
        answer = self._answered(delivery)
        if answer is not None:
            self._note(delivery, answer)

    def _new(self) -> Delivery:
        self._number += 1
        delivery = Delivery([], f"{self._source}/{self._number}" if self.draw.random() < 0.5 else "")
        for place in range(self.draw.randint(1, 10)):
            if self._taken and self.draw.random() < 0.08:
                self._take_back(delivery)
            elif self._leads and self.draw.random() < 0.3:
                self._add(delivery, self.draw.choice(self._leads), {})
            else:
                self._add(delivery, f"L-{self._number}-{place}", self._product())
        return delivery

    def _product(self) -> dict[str, Any]:
        person = self.draw.randint(1, 400)
        return {
            "product": {"sku": self.draw.choice(SKUS), "customer": self.draw.choice(CUSTOMERS)[0]},
            "contact": {"name": f"Person {person}", "email": f"person{person}@studio.example"},
        }

    def _add(self, delivery: Delivery, lead: str, facts: dict[str, Any]) -> None:
        actions = []
        for place in range(self.draw.randint(1, 5)):
            sent = self._action()
            key = Key(self._source, lead, f"A-{self._number}-{len(delivery.leads)}-{place}")
            delivery.actions[key] = sent
            actions.append(
                {
                    "id": key.action,
                    "type": sent.kind,
                    "occurred_at": sent.occurred_at.isoformat(),
                    "quantity": str(sent.quantity),
                }
            )
        delivery.leads.append({"id": lead, **facts, "actions": actions})

    def _action(self) -> Sent:
        kind = self.draw.choices(KINDS, WEIGHTS)[0]
        quantity = Decimal(self.draw.randint(1, 6)) + (Decimal("0.5") if self.draw.random() < 0.1 else 0)
        return Sent(kind, quantity, self._instant())

    def _instant(self) -> datetime:
        seconds = (self._world.end - self._world.begin).total_seconds()
        return self._world.begin + timedelta(seconds=int(self.draw.random() * seconds))

    def _take_back(self, delivery: Delivery) -> None:
        key = self.draw.choice(self._taken)
        delivery.voids.add(key)
        delivery.leads.append({"id": key.lead, "actions": [{"id": key.action, "void": {"reason": "Canceled"}}]})

    def _answered(self, delivery: Delivery) -> list[dict[str, Any]] | None:
        """Send the same body until there is a response; return the results."""
        deadline, why = time.monotonic() + PATIENCE_SECONDS, ""
        while time.monotonic() < deadline:
            try:
                return self._sent(delivery)
            except HTTPError as error:
                why = f"{error.code} {error.read(300).decode(errors='replace')}"
                if error.code not in BUSY:
                    break
                self.ledger.count(f"deliveries answered {error.code}, sent again")
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = f"{type(error).__name__}: {error}"
                self.ledger.count("deliveries without an answer, sent again")
            time.sleep(0.2)
        self.ledger.give_up(f"{self._source}: {why}")
        return None

    def _sent(self, delivery: Delivery) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._world.keys[self._source]}", "Content-Type": "application/json"}
        if delivery.key:
            headers["Idempotency-Key"] = delivery.key
        request = Request(self._url, data=json.dumps(delivery.leads).encode(), headers=headers)
        with urlopen(request, timeout=30) as response:
            results: list[dict[str, Any]] = json.load(response)["results"]
        return results

    def _note(self, delivery: Delivery, results: list[dict[str, Any]]) -> None:
        is_told_again = delivery.is_answered and bool(delivery.key)  # with its key, it gets the first response
        delivery.is_answered = True
        self.ledger.count("deliveries")
        for lead in results:
            for action in lead.get("actions", ()):
                key = Key(self._source, lead["id"], action["id"])
                if key in delivery.actions:
                    self.ledger.acknowledge(key, delivery.actions[key], action["outcome"], again=is_told_again)
                    self._taken.append(key)
                else:
                    self.ledger.acknowledge_void(key, action["outcome"])
            self._leads.append(lead["id"])
