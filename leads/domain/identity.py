"""Who and what is the same: ids as text, the person behind an email address or a phone number, instants."""

import re
import unicodedata
from datetime import UTC, datetime

import idna
import phonenumbers

from billing_engine.core.countries import country_code

KEY_LENGTH = 254

_ENDS_OR_CONTROLS = {"Cc", "Zl", "Zp"}
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by their category, and nothing to look at
_WITH_NAME = re.compile(r"[^<>]*<([^<>]*)>")  # Ann <ann@studio.example>

_BEYOND_MICROSECONDS = re.compile(r"(:\d\d\.\d{6})\d+")


def external_id(given: str | int) -> str:
    """Sources send ids as numbers and as text; 17 and "17" are the same, and so is an é in one character or in two."""
    text = str(given).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def unseen_in(id_: str) -> str:
    """What in an id is invisible, in words: two ids that look the same must be the same."""
    if any(unicodedata.category(sign) in _ENDS_OR_CONTROLS for sign in id_):
        return "has a line end or another control character"
    if id_ and any(unicodedata.category(sign) == "Cf" or sign in _BLANKS for sign in (id_[0], id_[-1])):
        return "begins or ends with a character that can't be seen"
    return ""


def in_utc(instant: datetime) -> datetime:
    """The same instant; an offset may be larger than PostgreSQL knows."""
    return instant.astimezone(UTC)


def to_the_microsecond(instant: str) -> str:
    """A time as it is written, cut behind its sixth decimal: rounded, a month's last instant would be in the next month."""
    return _BEYOND_MICROSECONDS.sub(r"\1", instant)


def person_key(email: str, *, phone: str = "", country: str = "", default_country: str = "") -> str:
    """The same person whatever the spelling: by the email address, or, where there is none, by the phone number.

    `country` is as the lead says it, a code or an English name; `default_country` a code for where it says none. "" names
    no person: such a lead is a person of its own.
    """
    return email_key(email) or phone_key(phone, country_code(country) or default_country)


def email_key(email: str) -> str:
    """`ann@studio.example` of ` Ann+news@Studio.example. `; "" if it is not an address.

    Case, surrounding space, a name around it (`Ann <…>`), characters that can't be seen, a plus-address and how a domain's
    letters are encoded do not matter. Dots do: only some hosts ignore them.
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
    """`+12127365000` of `(212) 736-5000` in the US; "" if it is not a valid number there.

    Only valid numbers: 000-0000 and its like are typed by many people, who are not one. An extension is a person.
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


def known_as(sent: str, stored: str) -> str:
    """By what two person keys differ, in words; "" where they may be one person: known once by phone, once by email."""
    if not (sent and stored) or sent == stored or ("@" in sent) != ("@" in stored):
        return ""
    return "e-mail address" if "@" in sent else "phone number"


def _in_ascii(domain: str) -> str:
    """`xn--bcher-kva.example` of `bücher.example`, by IDNA 2008, for which `straße.example` is another than `strasse.example`."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain
