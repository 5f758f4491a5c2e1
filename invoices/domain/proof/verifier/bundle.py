"""Check a whole bundle: signature, files, charges, lines, total, chain and fingerprint."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, BinaryIO, NamedTuple

from invoices.domain.proof.verifier.charges import name_of, recompute
from invoices.domain.proof.verifier.container import (
    INVOICE,
    MANIFEST,
    MOST_ACTIONS,
    RULES,
    SIGNATURE,
    SIGNED,
    Container,
    Files,
    read,
)
from invoices.domain.proof.verifier.content import at, decoded, period_of
from invoices.domain.proof.verifier.difference import UNEXPECTED, NotABundle, Report, spaced
from invoices.domain.proof.verifier.paper import check_paper
from invoices.domain.proof.verifier.signature import is_signed
from invoices.domain.proof.verifier.tree import owner_of

FORMAT = "lead-billing-proof-1"
SHORT = 8  # digits of a digest that stands for itself in a sentence


class Key(NamedTuple):
    """A public key that is known from elsewhere: by its digest alone, or with the time it was valid in."""

    digest: str
    valid_from: str | None = None
    valid_to: str | None = None


def verify(file: BinaryIO, *, keys: Sequence[Key] = ()) -> Report:
    """Check everything; NotABundle if the file is refused before its content is believed."""
    try:
        return _verified(Container(file), keys)
    except UNEXPECTED as error:
        raise NotABundle(f"It has an unexpected value: {error}") from error


def _verified(container: Container, keys: Sequence[Key]) -> Report:
    report = Report()
    raw, signature = read(container, MANIFEST), read(container, SIGNATURE)
    manifest = manifest_of(raw)
    check_signature(raw, signature, manifest, keys, report)
    _check_files(container, manifest, report)
    invoice = decoded(read(container, INVOICE), INVOICE)
    root = check_charges(container, manifest, invoice, report)
    if root != manifest["root"]:
        report.differs(f"fingerprint: {spaced(root)} over these charges, {spaced(manifest['root'])} was signed")
    report.fingerprint = root
    chain(raw, manifest, report)
    return report


def manifest_of(raw: bytes) -> dict[str, Any]:
    """The manifest; NotABundle if it is not one."""
    manifest = decoded(raw, MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise NotABundle(f"{MANIFEST} is not in the format {FORMAT}.")
    count = manifest.get("charges")
    if type(count) is not int or not 0 <= count <= MOST_ACTIONS:
        raise NotABundle(f"{MANIFEST} does not name a number of charges, at most the {MOST_ACTIONS:,} that are read.")
    return manifest


def check_signature(
    raw: bytes, signature: bytes, manifest: dict[str, Any], keys: Sequence[Key], report: Report
) -> None:
    """The manifest is signed as its bytes lie there, by a key that is known from elsewhere."""
    since = report.count
    try:
        public, company = bytes.fromhex(manifest["key"]["public"]), manifest["company"]["name"]
        sealed_at = manifest["sealed_at"]
        at(sealed_at)
    except (KeyError, TypeError, ValueError) as error:
        raise NotABundle(f"{MANIFEST} has an unexpected value: {error}") from error
    digest = sha256(public).hexdigest()
    if not is_signed(raw, signature, public):
        report.differs(f"{SIGNATURE}: it is not the signature of {MANIFEST} by key {spaced(digest)[:19]}")
    known = [key for key in keys if digest.startswith(key.digest)]
    if keys and not known:
        report.differs(f"key {spaced(digest)[:19]}: it is not one of the keys you trust")
    elif keys and not any(_was_valid(key, sealed_at) for key in known):
        report.differs(f"key {spaced(digest)[:19]}: it was not valid at {sealed_at}, when this was signed")
    doubt = "" if keys else " (compare with the key on the PDF)"
    report.row("signature", f"{company}, key {spaced(digest)[:39]}{doubt}", since=since)


def _was_valid(key: Key, sealed_at: str) -> bool:
    moment = at(sealed_at)
    begins, ends = key.valid_from, key.valid_to
    return (begins is None or at(begins) <= moment) and (ends is None or moment < at(ends))


def _check_files(container: Container, manifest: dict[str, Any], report: Report) -> None:
    """Each file has the digest that was signed; a rule that does not is named."""
    since = report.count
    listed = {each["name"]: each for each in manifest["files"]}
    if sorted(listed) != sorted(SIGNED) or len(listed) != len(manifest["files"]):
        raise NotABundle(f"{MANIFEST} does not list exactly the files of a bundle.")
    for name in SIGNED:
        digest, size = sha256(), 0
        for chunk in container.chunks(name):
            digest.update(chunk)
            size += len(chunk)
        if (digest.hexdigest(), size) != (listed[name]["sha256"], listed[name]["bytes"]):
            report.differs(f"{name}: it is not the file that was signed")
    _check_rules(container, manifest, report)
    report.row(f"{len(SIGNED)} files", "as they were signed", since=since)


def rule_lines(rules: bytes) -> dict[str, str]:
    """The digest of the line of each rule in rules.json, by its id."""
    lines = [line.strip().removesuffix(b",") for line in rules.split(b"\n") if line.strip().startswith(b'{"id"')]
    return {decoded(line, RULES)["id"]: sha256(line).hexdigest() for line in lines}


def _check_rules(container: Container, manifest: dict[str, Any], report: Report) -> None:
    have, signed = rule_lines(read(container, RULES)), manifest["rules"]
    for name in sorted(have.keys() | signed.keys()):
        if have.get(name) != signed.get(name):
            report.differs(f"rule {name}: it is not the rule that was signed")


def check_charges(files: Files, manifest: dict[str, Any], invoice: dict[str, Any], report: Report) -> str:
    """Work out charges, lines and total; return the fingerprint over the charges."""
    since, period, count = report.count, period_of(files), manifest["charges"]
    code, label = manifest["customer"]["code"], manifest["period"]["label"]
    about = (invoice["customer"], invoice["number"], invoice["period"], period.customer.id, period.label)
    if about != (code, manifest["invoice"], label, code, label):
        report.differs(f"{INVOICE}: it is not the invoice that {MANIFEST} names")
    report.row("invoice", f"{manifest['invoice']} of {code}, {label}", since=since)
    since = report.count
    owner, salt = owner_of(code, manifest["invoice"]), bytes.fromhex(invoice["salt"])
    found = recompute(files, period, owner=owner, salt=salt, count=count, report=report)
    priced = f"{count - found.excluded:,} priced, {found.excluded:,} not charged, none left over"
    report.row(f"{count:,} actions", priced, since=since)
    report.row(f"{count:,} charges", "worked out again, equal to the last digit", since=since)
    check_paper(invoice, found.sums, report)
    return found.tree.root.hex()


def chain(raw: bytes, manifest: dict[str, Any], report: Report) -> None:
    """What the manifest says about the one before it; `linked` compares several bundles."""
    before = manifest["customer_previous"]
    words = "the first invoice with a proof"
    if before:
        words = f"follows {before['invoice']} of {before['period']} ({spaced(before['root'])[:9]} …)"
    report.invoice, report.manifest = manifest["invoice"], sha256(raw).hexdigest()
    report.previous = before["manifest"] if before else ""
    report.row("chain", words, since=report.count)


def linked(reports: Sequence[Report]) -> list[str]:
    """What is wrong between several bundles of one customer, from the oldest to the newest."""
    return [
        f"{later.invoice} does not follow {earlier.invoice} as it is in this file"
        for earlier, later in pairwise(reports)
        if later.previous != earlier.manifest
    ]


def place_of(name: str, count: int) -> int | None:
    """The place of an action by its id; None if it is not one."""
    place = int(name) if name.isascii() and name.isdecimal() else 0
    return place if 1 <= place <= count and name_of(place, count) == name else None
