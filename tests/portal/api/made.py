"""Keys of customers, and requests with them."""

from typing import Any

from django.test import Client
from django.utils.timezone import now

from leads.domain.memberships.keys import create_customer_key
from leads.models import Customer
from tests.factories.people import superuser

API = "/api/v1/customer/"
CONTACT = "ap@northlight.example"


def a_key(customer: Customer, *, may_dispute: bool = True) -> str:
    """The plaintext of a key."""
    by = superuser()
    return create_customer_key(
        customer, name="Warehouse", contact=CONTACT, may_dispute=may_dispute, expires_at=None, by=by, at=now()
    )[1]


class Program:
    """A program of a customer's."""

    def __init__(self, key: str) -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {key}"}
        self.place: dict[str, Any] = {}  # where it calls from

    def get(self, path: str, **asked: Any) -> Any:
        """Ask for an address below the API's."""
        return self.client.get(API + path, asked, headers=self.headers, **self.place)

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON."""
        return self.client.post(
            API + path, body or {}, content_type="application/json", headers=self.headers, **self.place
        )

    def read(self, path: str, **asked: Any) -> Any:
        """The answer of an address that is there."""
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.content
        return answer.json()
