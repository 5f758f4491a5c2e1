"""A person as found in data: email addresses, phone numbers and names, in every spelling that is held."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import idna
from django.db.models import Q

from leads.domain.identity import email_key, phone_key
from leads.domain.pseudonyms import is_pseudonym, pseudonym
from leads.models import Lead

ERASED = "[erased]"
SHORTEST_NAME = 4  # shorter ones are part of other words
SHORTEST_PHONE = 7  # digits
_BETWEEN_DIGITS = r"[\s().\-/]*"


@dataclass(frozen=True, slots=True)
class Person:
    """One person: the keys that identify it, and the spellings that are looked for in text."""

    keys: frozenset[str]
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def given(cls, *, email: str = "", phone: str = "", country: str = "") -> "Person":
        """The person with this email address or phone number, as typed; without a valid one, an empty person."""
        keys = {email_key(email) if "@" in email else "", phone_key(phone, country)} - {""}
        keys |= {each for each in (email.strip(),) if is_pseudonym(each)}
        emails = {email.strip()} if "@" in email else set()
        return cls(frozenset(keys), frozenset(emails), frozenset({phone.strip()} - {""}))

    def __bool__(self) -> bool:
        return bool(self.keys)

    def with_leads(self, leads: Iterable[Lead]) -> "Person":
        """The person with every spelling that these leads hold."""
        found = list(leads)
        return Person(
            keys=self.keys,
            emails=self.emails | {lead.email.strip() for lead in found} - {""},
            phones=self.phones | {lead.phone.strip() for lead in found} - {""},
            names=self.names | {lead.name.strip() for lead in found} - {""},
        )

    @property
    def pseudonyms(self) -> list[str]:
        return sorted(map(pseudonym, self.keys))

    @property
    def all_keys(self) -> list[str]:
        """The keys that its leads may have: its own, and those that stand for them."""
        return sorted({*self.keys, *self.pseudonyms})

    def as_json(self) -> dict[str, Any]:
        return {name: sorted(getattr(self, name)) for name in ("keys", "emails", "phones", "names")}

    @classmethod
    def read(cls, stored: dict[str, list[str]]) -> "Person":
        return cls(**{name: frozenset(values) for name, values in stored.items()})

    def is_named(self, text: str) -> bool:
        """Return whether a value is the person's email address or phone number, however spelled."""
        if "@" in text:
            return email_key(text) in self.keys
        number = text.strip()
        return number in self.phones or (number.startswith("+") and phone_key(number, "") in self.keys)

    def contacts(self) -> re.Pattern[str] | None:
        """What finds the person's addresses and numbers within text; None if there is nothing to look for."""
        return _any_of([*map(_email, self._every_email()), *map(_phone, self._every_phone())])

    def in_column(self, *columns: str) -> Q:
        """Rows of which one of these columns of text has an address or number of the person, in any spelling."""
        found, pattern = Q(pk__in=[]), self.contacts()
        if pattern is None:
            return found
        for column in columns:
            found |= Q(**{f"{column}__iregex": pattern.pattern})
        return found

    def words(self) -> re.Pattern[str] | None:
        """The same with the names, for text that is about the person."""
        names = (_name(name) for name in self.names if len(name) >= SHORTEST_NAME)
        return _any_of([*map(_email, self._every_email()), *map(_phone, self._every_phone()), *names])

    def _every_email(self) -> set[str]:
        found = {*self.emails, *(key for key in self.keys if "@" in key and not is_pseudonym(key))}
        return found | set(map(_with_letters, found))

    def _every_phone(self) -> set[str]:
        numbers = {*self.phones, *(key.partition(";")[0] for key in self.keys if key.startswith("+"))}
        return {digits for each in numbers if len(digits := re.sub(r"\D", "", each)) >= SHORTEST_PHONE}


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    found = sorted(set(patterns), key=len, reverse=True)
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _email(address: str) -> str:
    """Match the address, with any plus tag, also escaped or encoded in a URL."""
    local, _, domain = address.strip().rpartition("@")
    local = local.partition("+")[0].rpartition("<")[2].strip()
    at = r"\s*(?:@|%40|\\u0040)\s*"
    return rf"(?<![\w.]){re.escape(local)}(?:\+[\w.\-]*)?{at}{re.escape(domain.strip('> '))}(?!\w)"


def _with_letters(address: str) -> str:
    """Return the address with its domain in letters, if it is encoded: `ann@bücher.example`."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + (idna.decode(domain) if "xn--" in domain else domain)
    except idna.IDNAError:
        return address


def _phone(digits: str) -> str:
    return rf"(?<!\d)\+?{_BETWEEN_DIGITS.join(digits)}(?!\d)"


def _name(name: str) -> str:
    return r"(?<!\w)" + r"\s+".join(map(re.escape, name.split())) + r"(?!\w)"
