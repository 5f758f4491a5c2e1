"""The proof that one charge is on an invoice, without the others: its two lines, its nonce and a path to the fingerprint."""

from collections.abc import Sequence
from typing import Any

from invoices.domain.proof.verifier.bundle import Key, chain, check_signature, manifest_of
from invoices.domain.proof.verifier.container import ACTIONS, CHARGES
from invoices.domain.proof.verifier.content import decoded
from invoices.domain.proof.verifier.difference import UNEXPECTED, NotABundle, Report
from invoices.domain.proof.verifier.tree import leaf_of, owner_of, root_from

FORMAT = "lead-billing-charge-proof-1"
LARGEST = 1 << 20
BYTES_OF_A_DIGEST = 32


def verify_charge(content: bytes, *, keys: Sequence[Key] = ()) -> Report:
    """Check the proof of one charge; NotABundle if it is not one."""
    if len(content) > LARGEST:
        raise NotABundle("A proof of one charge is not that large.")
    proof = decoded(content, "The proof")
    if not isinstance(proof, dict) or proof.get("format") != FORMAT:
        raise NotABundle(f"It is not in the format {FORMAT}.")
    report = Report()
    try:
        raw = proof["manifest"].encode()
        manifest = manifest_of(raw)
        check_signature(raw, bytes.fromhex(proof["signature"]), manifest, keys, report)
        _check_leaf(proof, manifest, report)
        chain(raw, manifest, report)
    except UNEXPECTED as error:
        raise NotABundle(f"It has an unexpected value: {error}") from error
    return report


def _check_leaf(proof: dict[str, Any], manifest: dict[str, Any], report: Report) -> None:
    since, place = report.count, proof["place"]
    action, charge = decoded(proof["action"].encode(), ACTIONS), decoded(proof["charge"].encode(), CHARGES)
    if action["id"] != charge["action"] or int(action["id"]) != place:
        report.differs(f"action {action['id']} and the charge of {charge['action']} are not number {place}")
    lines = f"{proof['action']}{proof['charge']}".encode()
    nonce, path = bytes.fromhex(proof["nonce"]), [bytes.fromhex(node) for node in proof["path"]]
    if any(len(digest) != BYTES_OF_A_DIGEST for digest in (nonce, *path)) or lines.count(b"\n") != 2:
        raise NotABundle("It is not the proof of one charge.")
    owner = owner_of(manifest["customer"]["code"], manifest["invoice"])
    root = root_from(leaf_of(nonce, owner, place, lines), place, manifest["charges"], path)
    if root is None or root.hex() != manifest["root"]:
        report.differs(f"charge {action['id']} is not on invoice {manifest['invoice']}")
    words = f"{charge['amount']} {charge['reason'] or charge['outcome']}, number {place} of {manifest['charges']:,}"
    report.row("charge", f"{words} on {manifest['invoice']}", since=since)
    report.fingerprint = manifest["root"]
