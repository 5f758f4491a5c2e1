"""When two IDs, two persons or two times are the same."""

import re
import unicodedata
from datetime import UTC, datetime

import idna
import phonenumbers

from billing_engine.core.countries import country_code
from leads.domain.pseudonyms import is_by_phone, is_pseudonym, pseudonym

KEY_LENGTH = 254

_ENDS_OR_CONTROLS = {"Cc", "Zl", "Zp"}
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by category, but blank on screen
_WITH_NAME = re.compile(r"[^<>]*<([^<>]*)>")  # Ann <ann@studio.example>

_BEYOND_MICROSECONDS = re.compile(r"(:\d\d\.\d{6})\d+")


def external_id(given: str | int) -> str:
    """Return an ID as text: 17 and "17" are the same, and so is an é written as one character or two."""
    text = str(given).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def invisible_in(id_: str) -> str:
    """Describe an invisible character in an ID, or return "": IDs that look the same must be the same."""
    if any(unicodedata.category(sign) in _ENDS_OR_CONTROLS for sign in id_):
        return "contains a line break or another control character"
    if id_ and any(unicodedata.category(sign) == "Cf" or sign in _BLANKS for sign in (id_[0], id_[-1])):
        return "starts or ends with an invisible character"
    return ""


def in_utc(instant: datetime) -> datetime:
    """Convert to UTC, because PostgreSQL doesn't accept every offset."""
    return instant.astimezone(UTC)


def to_the_microsecond(instant: str) -> str:
    """Cut a written time after six decimals; rounding could move a month's last instant into the next month."""
    return _BEYOND_MICROSECONDS.sub(r"\1", instant)


def person_key(email: str, *, phone: str = "", country: str = "", default_country: str = "") -> str:
    """Identify a person, however spelled: by email address or, without one, by phone number.

    `country` is the lead's country, as a code or an English name; `default_country` is a code, used if the lead has none.
    "" identifies no one: such a lead counts as a separate person.
    """
    return email_key(email) or phone_key(phone, country_code(country) or default_country)


def email_key(email: str) -> str:
    """Normalize ` Ann+news@Studio.example. ` to `ann@studio.example`; "" if it is not an address.

    Case, surrounding space, a display name (`Ann <…>`), invisible characters, a plus tag and the encoding of the domain
    don't matter. Dots do, because only some hosts ignore them.
    """
    if not email.isascii():
        email = "".join(sign for sign in email if unicodedata.category(sign) != "Cf")
    if named := _WITH_NAME.fullmatch(email.strip()):
        email = named[1]
    local, at, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    local, domain = local.strip().partition("+")[0], domain.strip().rstrip(".")
    if not (local and domain):
        return ""
    return (local + at + (domain if domain.isascii() else _in_ascii(domain)))[:KEY_LENGTH]


def phone_key(phone: str, country: str) -> str:
    """Normalize `(212) 736-5000` in the US to `+12127365000`; "" if the number is not valid there.

    Invalid numbers such as 000-0000 are typed by many different people, so they identify no one. Each extension is a
    separate person.
    """
    if not phone:
        return ""
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{whole};ext={number.extension}" if number.extension else whole


def person_difference(sent: str, stored: str) -> str:
    """Return in what two person keys differ; "" if they may be the same person, known by phone here and by email there."""
    if is_pseudonym(stored):
        sent = pseudonym(sent)
    if not (sent and stored) or sent == stored or is_by_phone(sent) != is_by_phone(stored):
        return ""
    return "phone number" if is_by_phone(sent) else "email address"


def _in_ascii(domain: str) -> str:
    """Convert `bücher.example` to `xn--bcher-kva.example` by IDNA 2008, which tells `straße.example` from `strasse.example`."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain
