"""The proof of one charge, taken from the stored bundle: its two lines, its nonce, and the path to the fingerprint."""

from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec
from django.db.models import Q

from billing_engine.core.errors import Refused
from invoices.domain.proof.seal import content_of
from invoices.domain.proof.verifier.bundle import place_of
from invoices.domain.proof.verifier.charges import name_of
from invoices.domain.proof.verifier.container import ACTIONS, CHARGES, INVOICE, Container, lines, read
from invoices.domain.proof.verifier.one_charge import FORMAT
from invoices.domain.proof.verifier.tree import leaf_of, nonce_of, owner_of, path_of
from invoices.domain.proof.writing import as_json
from invoices.models import InvoiceProof
from leads.models import Action


class NoSuchCharge(Refused):
    """The invoice has no charge of this id."""

    code = "no_such_charge"
    http_status = 404


def prove_charge(proof: InvoiceProof, action: str) -> bytes:
    """Return the proof of the charge with this id in the bundle, such as `000017`; raises NoSuchCharge.

    It shows this charge only: the path consists of digests, and each leaf has a nonce that is given with it alone.
    """
    place = place_of(action, proof.charges)
    if place is None:
        raise NoSuchCharge(f"{proof.invoice} has no charge {action}. Its charges are 1 to {proof.charges:,}.")
    with TemporaryFile() as file:
        for part in content_of(proof):
            file.write(part)
        return _proof_of(proof, place, file)


def id_of(action: Action) -> str:
    """What an action of a closed period is called in the bundle of its invoice: its place in rating order."""
    period = Action.objects.filter(period=action.period_id)
    before = Q(occurred_at__lt=action.occurred_at) | Q(occurred_at=action.occurred_at, pk__lte=action.pk)
    return name_of(period.filter(before).count(), period.count())


def _proof_of(proof: InvoiceProof, place: int, file: BinaryIO) -> bytes:
    bundle = Container(file)
    salt = bytes.fromhex(msgspec.json.decode(read(bundle, INVOICE))["salt"])
    owner = owner_of(proof.invoice.customer.code, proof.invoice.number or "")
    pairs = zip(lines(bundle, ACTIONS), lines(bundle, CHARGES), strict=True)
    leaves, shown = [], ("", "")
    for number, (action, charge) in enumerate(pairs, start=1):
        leaves.append(leaf_of(nonce_of(salt, number), owner, number, action + charge))
        if number == place:
            shown = action.decode(), charge.decode()
    return as_json(
        {
            "format": FORMAT,
            "manifest": bytes(proof.manifest).decode(),
            "signature": bytes(proof.signature).hex(),
            "place": place,
            "nonce": nonce_of(salt, place).hex(),
            "action": shown[0],
            "charge": shown[1],
            "path": [node.hex() for node in path_of(leaves, place)],
        }
    )
