"""The body of a request or file: unpacked, decoded, and taken apart into items that each know their place."""

import codecs
import zlib
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct, convert, field

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.faults import Fault, fault_of
from leads.domain.identity import external_id, in_utc

JSON = "application/json"
NDJSON = "application/x-ndjson"

SCHEMA_VERSIONS = (1,)
ROW_MALFORMED = "row_malformed"

_GZIP = 16 + zlib.MAX_WBITS


class BodyNotReadable(Refused):
    """Nothing in the body could be taken as an item."""

    code = "body_not_readable"
    http_status = 400


class EnvelopeInvalid(Refused):
    """The members around the leads are not those of an envelope."""

    code = "envelope_invalid"
    http_status = 400


class SchemaVersionUnknown(Refused):
    """Written in a version of the format that this engine does not read."""

    code = "schema_version_unknown"
    http_status = 400


class EncodingNotSupported(Refused):
    """Packed in another way than gzip."""

    code = "encoding_not_supported"
    http_status = 415
    message = "A body is sent as it is or with Content-Encoding: gzip."


class Malformed(NamedTuple):
    """An item that a reader of files could not even make an object of."""

    content: Any
    fault: Fault


class Placed(NamedTuple):
    """An item and where in the body it stands: a JSON pointer; `/17` for line 17 of NDJSON or CSV."""

    pointer: str
    item: Any


class Parcel(NamedTuple):
    """What a body holds: its items, and what its envelope says of them."""

    items: list[Placed]
    batch_id: str = ""
    sent_at: datetime | None = None


class Envelope(Struct, forbid_unknown_fields=True):
    """Leads with what their sender says of all of them together."""

    leads: list[Any]
    schema_version: int | str | None = 1
    batch_id: Annotated[str, Meta(max_length=200)] | int | None = field(default="")
    sent_at: Annotated[datetime, Meta(tz=True)] | None = None


def _number(digits: str) -> Decimal:
    """A number beyond all numbers is none that could be stored: that is its item's fault, not its neighbours'."""
    try:
        return Decimal(digits)
    except ArithmeticError:
        return Decimal("Infinity")


# Numbers keep the digits they were sent with: 0.1 stays 0.1.
_decoder = msgspec.json.Decoder(float_hook=_number)


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its Content-Encoding; never more of it than a delivery may hold, however well it was packed."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise EncodingNotSupported
    found = bytearray()
    try:
        while body:  # gzip files may stand one after the other
            unpacking = zlib.decompressobj(_GZIP)
            found += unpacking.decompress(body, limits.BYTES + 1 - len(found))
            if len(found) > limits.BYTES:
                raise limits.TooLarge
            if not unpacking.eof:
                raise BodyNotReadable("The body is gzip that ends too early.")
            body = unpacking.unused_data
    except zlib.error as error:
        raise BodyNotReadable(f"The body is not gzip: {error}.") from error
    return bytes(found)


def is_lines(content_type: str) -> bool:
    """Whether a body is sent as NDJSON."""
    return content_type.partition(";")[0].strip().lower() == NDJSON


def read_parcel(body: bytes, content_type: str = JSON) -> Parcel:
    """One lead, a list of leads, an envelope, or NDJSON. Raises BodyNotReadable and what an envelope is refused for."""
    if is_lines(content_type):
        return Parcel(read_lines(body))
    content = decoded(body)
    if isinstance(content, list):
        return Parcel([Placed(f"/{place}", item) for place, item in enumerate(content)])
    if not isinstance(content, dict):
        raise BodyNotReadable("The body is neither a lead object, nor a list of them, nor an envelope.")
    # No lead has one of these two.
    if "leads" in content or "schema_version" in content:
        return _opened(content)
    return Parcel([Placed("", content)])


def read_lines(body: bytes) -> list[Placed]:
    """A lead a line; a line that is none is an item of its own, at fault. Raises BodyNotReadable if there is no line."""
    lines = enumerate(body.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1)
    items = [Placed(f"/{number}", read_line(line)) for number, line in lines if line.strip()]
    if not items:
        raise BodyNotReadable("The body holds no line with a lead.")
    return items


def read_line(line: bytes) -> Any:
    """The object on a line of NDJSON, or why it is none."""
    try:
        content = decoded(line)
    except BodyNotReadable as error:
        return Malformed(line.decode(errors="replace"), Fault(ROW_MALFORMED, "", str(error)))
    if isinstance(content, dict):
        return content
    return Malformed(line.decode(errors="replace"), Fault(ROW_MALFORMED, "", "A line holds one lead object."))


def decoded(body: bytes) -> Any:
    """The JSON value. Raises BodyNotReadable."""
    try:
        return _decoder.decode(body.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BodyNotReadable(f"This is not JSON: {error}") from error


def _opened(content: dict[str, Any]) -> Parcel:
    version = content.get("schema_version", 1)
    if str(version) not in map(str, SCHEMA_VERSIONS):
        words = f"This engine reads schema_version {', '.join(map(str, SCHEMA_VERSIONS))}."
        raise SchemaVersionUnknown(words, pointer="/schema_version")
    try:
        envelope = convert(content, Envelope)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        raise EnvelopeInvalid(fault.message, pointer=fault.pointer) from error
    batch_id = "" if envelope.batch_id is None else external_id(envelope.batch_id)
    if "\0" in batch_id or len(batch_id) > 200:
        raise EnvelopeInvalid("A batch_id has up to 200 characters, none of them NUL.", pointer="/batch_id")
    items = [Placed(f"/leads/{place}", item) for place, item in enumerate(envelope.leads)]
    return Parcel(items, batch_id, _sent_at(envelope))


def _sent_at(envelope: Envelope) -> datetime | None:
    try:
        return envelope.sent_at and in_utc(envelope.sent_at)
    except OverflowError as error:
        raise EnvelopeInvalid("This is no time of our days.", pointer="/sent_at") from error
