"""Decompress and decode the body of a request or file, and split it into items with their places."""

import codecs
import zlib
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, convert, field

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.body.damage import split_items
from leads.domain.body.decode import (
    ROW_MALFORMED,
    BodyNotReadable,
    Repeats,
    as_item,
    decode_json,
    is_plain_text,
    read_item,
    repeat_fault,
)
from leads.domain.body.parcel import Parcel, Placed
from leads.domain.faults import Fault, Malformed, fault_of
from leads.domain.identity import external_id, in_utc, to_the_microsecond

JSON = "application/json"
NDJSON = "application/x-ndjson"

SCHEMA_VERSIONS = (1,)
_GZIP = 16 + zlib.MAX_WBITS


class EnvelopeInvalid(Refused):
    """The members around the leads don't form a valid envelope."""

    code = "envelope_invalid"
    http_status = 400


class DuplicateMember(Refused):
    """An envelope with a duplicate member, one of which would be lost."""

    code = "duplicate_member"
    http_status = 400


class SchemaVersionUnknown(Refused):
    """The envelope names a version of the format that is not supported."""

    code = "schema_version_unknown"
    http_status = 400


class EncodingNotSupported(Refused):
    """The body is compressed with something other than gzip."""

    code = "encoding_not_supported"
    http_status = 415
    message = "Send the body uncompressed or with Content-Encoding: gzip."


class Envelope(Struct, forbid_unknown_fields=True):
    """A list of leads, with data about the batch."""

    leads: list[Any]
    schema_version: int | str | None = 1
    batch_id: Annotated[str, Meta(max_length=200)] | int | None = field(default="")
    sent_at: Annotated[datetime, Meta(tz=True)] | None = None


def unpacked(body: bytes, encoding: str) -> bytes:
    """Decompress the body, but never to more bytes than a delivery may have."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise EncodingNotSupported
    found = bytearray()
    try:
        while body:  # a gzip file may have several members
            unpacking = zlib.decompressobj(_GZIP)
            found += unpacking.decompress(body, limits.BYTES + 1 - len(found))
            if len(found) > limits.BYTES:
                raise limits.TooLarge
            if not unpacking.eof:
                raise BodyNotReadable("The gzip body is truncated.")
            body = unpacking.unused_data
    except zlib.error as error:
        raise BodyNotReadable(f"The body is not gzip: {error}.") from error
    return bytes(found)


def is_lines(content_type: str) -> bool:
    """Return whether a body is NDJSON."""
    return content_type.partition(";")[0].strip().lower() == NDJSON


def open_parcel(body: bytes, content_type: str) -> Parcel:
    """Parse the body of a request; refuse it as a whole if it is unreadable or exceeds the limits."""
    limits.check_values(body, is_lines=is_lines(content_type))
    parcel = read_parcel(body, content_type, most=limits.LEADS)
    limits.check_items([item for _, item in parcel.items])
    return parcel


def read_parcel(body: bytes, content_type: str = JSON, *, most: int | None = None) -> Parcel:
    """Parse one lead, a list of leads, an envelope or NDJSON. Raises BodyNotReadable, or why the envelope is refused.

    An item that can't be read or accepted as it is becomes `Flawed` or `Malformed`. More than `most` items are refused
    before they are read one by one.
    """
    if is_lines(content_type):
        return Parcel(read_lines(body, most=most))
    try:
        content, has_repeats, text = decode_json(body)
    except BodyNotReadable as error:
        content, has_repeats, text = _read_apart(body, error, most=most), False, b""
    parcel = _parcel(content, has_repeats=has_repeats)
    return parcel._replace(plain=is_plain_text(text)) if text else parcel


def _parcel(content: Any, *, has_repeats: bool) -> Parcel:
    if isinstance(content, list):
        return Parcel(_placed(content, "", has_repeats=has_repeats))
    if not isinstance(content, dict):
        raise BodyNotReadable("The body must be a lead object, a list of leads, or an envelope.")
    # No lead has one of these two.
    if "leads" in content or "schema_version" in content:
        return _open_envelope(content, has_repeats=has_repeats)
    return Parcel([Placed("", as_item(content) if has_repeats else content)])


def _read_apart(body: bytes, whole: BodyNotReadable, *, most: int | None) -> Any:
    """Read a broken body item by item; if that fails too, raise the original error."""
    apart = split_items(body)
    if apart is not None:
        limits.check_number_of_leads(len(apart[1]), most=most)
    try:
        if apart is None:
            return read_item(body)
        around, texts = apart
        content, has_repeats, _ = decode_json(around)
        items = [read_item(text) for text in texts]
    except BodyNotReadable:
        raise whole from None
    if has_repeats:
        _refuse_repeats(content)
    return items if isinstance(content, list) else content | {"leads": items}


def read_lines(body: bytes, *, most: int | None = None) -> list[Placed]:
    """Read one lead per line; an invalid line becomes a malformed item. Raises BodyNotReadable if there is no line."""
    numbered = enumerate(body.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1)
    lines = [(number, line) for number, line in numbered if line.strip()]
    if not lines:
        raise BodyNotReadable("The body has no line with a lead.")
    limits.check_number_of_leads(len(lines), most=most)
    return [Placed(f"/{number}", read_line(line)) for number, line in lines]


def read_line(line: bytes) -> Any:
    """Read the object on a line of NDJSON, or return why the line is not an object."""
    try:
        content = read_item(line)
    except BodyNotReadable as error:
        return Malformed(line.decode(errors="replace"), Fault(ROW_MALFORMED, "", str(error)))
    if isinstance(content, dict | Malformed):
        return content
    return Malformed(line.decode(errors="replace"), Fault(ROW_MALFORMED, "", "Each line must be one lead object."))


def _placed(items: list[Any], pointer: str, *, has_repeats: bool) -> list[Placed]:
    if has_repeats:
        items = [as_item(item) for item in items]
    return [Placed(f"{pointer}/{place}", item) for place, item in enumerate(items)]


def _refuse_repeats(envelope: Any) -> None:
    if isinstance(envelope, Repeats):
        fault = repeat_fault(envelope)
        raise DuplicateMember(fault.message, pointer=fault.pointer)


def _open_envelope(content: dict[str, Any], *, has_repeats: bool) -> Parcel:
    _refuse_repeats(content)
    version = content.get("schema_version", 1)
    if str(version) not in map(str, SCHEMA_VERSIONS):
        words = f"Supported values of schema_version: {', '.join(map(str, SCHEMA_VERSIONS))}."
        raise SchemaVersionUnknown(words, pointer="/schema_version")
    if isinstance(content.get("sent_at"), str):
        content["sent_at"] = to_the_microsecond(content["sent_at"])
    try:
        envelope = convert(content, Envelope)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        raise EnvelopeInvalid(fault.message, pointer=fault.pointer) from error
    batch_id = "" if envelope.batch_id is None else external_id(envelope.batch_id)
    if "\0" in batch_id or len(batch_id) > 200:
        raise EnvelopeInvalid("A batch_id must have at most 200 characters and no NUL.", pointer="/batch_id")
    items = _placed(content["leads"], "/leads", has_repeats=has_repeats)
    return Parcel(items, batch_id, _sent_at(envelope))


def _sent_at(envelope: Envelope) -> datetime | None:
    try:
        return envelope.sent_at and in_utc(envelope.sent_at)
    except OverflowError as error:
        raise EnvelopeInvalid("sent_at is outside the supported date range.", pointer="/sent_at") from error
