"""Pseudonyms of persons: a keyed hash that stands for a person whose contact data was erased, without identifying the person.

It has the form `~<hash of the person>@~<hash of the email domain>`, so that charging once per person and domains that are
never charged go on as before. `PSEUDONYM_KEY` is not in the database: the database alone can't be used to try out names.
"""

import hmac
import re
from collections.abc import Iterable

from django.conf import settings

DIGITS_OF_A_PERSON = 32
DIGITS_OF_A_DOMAIN = 16
BY_PHONE = "phone"
_PSEUDONYM = re.compile(rf"~[0-9a-f]{{{DIGITS_OF_A_PERSON}}}@~(?:[0-9a-f]{{{DIGITS_OF_A_DOMAIN}}}|{BY_PHONE})")


def has_key() -> bool:
    """Return whether persons can have pseudonyms here."""
    return bool(settings.PSEUDONYM_KEY)


def pseudonym(person: str) -> str:
    """Return the pseudonym of a person key; "" for an unknown person, and a pseudonym as it is."""
    if not person or is_pseudonym(person):
        return person
    _, at, domain = person.rpartition("@")
    return f"~{_hash('person', person, DIGITS_OF_A_PERSON)}@{hidden_domain(domain) if at else '~' + BY_PHONE}"


def is_pseudonym(person: str) -> bool:
    """Return whether a person key is a pseudonym."""
    return person.startswith("~") and _PSEUDONYM.fullmatch(person) is not None


def is_by_phone(person: str) -> bool:
    """Return whether a person key, or a pseudonym, is a phone number's."""
    return person.endswith(f"@~{BY_PHONE}") if is_pseudonym(person) else "@" not in person


def hidden_domain(domain: str) -> str:
    """Return an email domain as it stands in pseudonyms."""
    return f"~{_hash('domain', domain, DIGITS_OF_A_DOMAIN)}"


def with_hidden(domains: Iterable[str]) -> frozenset[str]:
    """Return email domains with those that stand for them in pseudonyms."""
    plain = frozenset(domains)
    return plain | frozenset(map(hidden_domain, plain)) if has_key() else plain


def without_hidden(domains: Iterable[str]) -> list[str]:
    """Return only the plain domains, in order."""
    return sorted(domain for domain in domains if not domain.startswith("~"))


def _hash(kind: str, text: str, digits: int) -> str:
    key = settings.PSEUDONYM_KEY.encode()
    return hmac.digest(key, f"{kind} {text}".encode(), "sha256").hex()[:digits]
