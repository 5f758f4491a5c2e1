"""Build the files of a proof bundle from an issued invoice, in a folder, and check them before anything is signed."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from invoices.domain.proof.paper import paper_of
from invoices.domain.proof.price_files import PriceFiles, names_of, rules_of_charges
from invoices.domain.proof.published import program
from invoices.domain.proof.rows import Writer
from invoices.domain.proof.verifier.bundle import check_charges, rule_lines
from invoices.domain.proof.verifier.container import AT_A_TIME, CARRIED, INVOICE, PROGRAM, RULES, SIGNED
from invoices.domain.proof.verifier.difference import NotABundle, Report
from invoices.domain.proof.verifier.tree import owner_of
from invoices.domain.proof.writing import Hidden, as_json, time_in_utc
from invoices.models import Invoice
from pricing.domain.audit.prove import looking_only
from pricing.domain.audit.terms import kept_terms, terms_now
from pricing.domain.rate.carry_over import carried_over, carries

BYTES_OF_A_SALT = 32
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of each file in the zip, so that the same content is the same bytes
PLAIN_FILE = 0o100644 << 16


class DoesNotProve(Exception):
    """What the files give is not what was charged: such a bundle is never signed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a bundle that is being built."""

    path: Path

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file in parts."""
        with (self.path / name).open("rb") as file:
            while chunk := file.read(AT_A_TIME):
                yield chunk

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        (self.path / name).write_bytes(content)

    def pack(self, bundle: Path, *names: str) -> None:
        """Add files to a zip, the same bytes for the same content."""
        with ZipFile(bundle, "a", ZIP_DEFLATED, allowZip64=False) as packed:
            for name in names:
                info = ZipInfo(name, LONG_AGO)
                info.compress_type, info.external_attr = ZIP_DEFLATED, PLAIN_FILE
                with packed.open(info, "w") as member:
                    for chunk in self.chunks(name):
                        member.write(chunk)


def build(invoice: Invoice, folder: Folder) -> dict[str, Any] | None:
    """Write every file but the manifest, and return what the manifest says about them.

    All rows are of one moment, without a lock. None if the invoice is no longer issued: its charges may be another's by
    now. Raises DoesNotProve.
    """
    with looking_only():
        invoice = Invoice.objects.select_related("customer", "period__customer", "series__seller").get(pk=invoice.pk)
        if invoice.state != Invoice.State.ISSUED:
            return None
        about = _written(invoice, folder)
    _check(folder, about["manifest"], about["invoice"])
    return _listed(folder, about["manifest"])


def _written(invoice: Invoice, folder: Folder) -> dict[str, Any]:
    period, salt = invoice.period, token_bytes(BYTES_OF_A_SALT)
    terms = kept_terms(period) or terms_now(period)
    hidden = Hidden(terms.customer.excluded_domains)
    rules = rules_of_charges(period, terms)
    names = names_of(rules)
    paper = paper_of(invoice, rules=names, salt=salt)
    count = sum(line["actions"] for line in paper["lines"])
    writer = Writer(
        period=period,
        owner=owner_of(invoice.customer.code, invoice.number or ""),
        salt=salt,
        catalog=terms.catalog,
        rules=names,
        hidden=hidden,
        carries=carries(rules),
        count=count,
    )
    rows = writer.write(folder.path)
    files = PriceFiles(period, terms, rules, names, hidden)
    counters = carried_over([period], {period.customer_id: rules})[period.pk]
    folder.write(RULES, files.rules_json(rows.kinds))
    folder.write(CARRIED, files.carried_json(rows, counters))
    folder.write(INVOICE, as_json(paper))
    folder.write(PROGRAM, program())
    manifest = {
        "customer": {"code": invoice.customer.code, "name": invoice.bill_to["name"]},
        "company": {"name": invoice.seller["name"], "tax_id": invoice.seller["tax_id"]},
        "invoice": invoice.number,
        **_version(invoice),
        "issued_on": str(invoice.issued_on),
        "period": {
            "label": period.label,
            "starts_at": time_in_utc(period.start_at),
            "ends_at": time_in_utc(period.end_at),
        },
        "charges": rows.tree.size,
        "root": rows.tree.root.hex(),
    }
    return {"manifest": manifest, "invoice": paper}


def _version(invoice: Invoice) -> dict[str, Any]:
    """The number of invoices issued for the period up to this one, and the one it replaces."""
    earlier = Invoice.objects.filter(period=invoice.period, number__isnull=False, issued_at__lt=invoice.issued_at)
    replaced = earlier.order_by("-issued_at").values_list("number", flat=True).first()
    return {"version": earlier.count() + 1, "replaces": replaced}


def _check(folder: Folder, manifest: dict[str, Any], invoice: dict[str, Any]) -> None:
    """Work the charges out from the files alone, as the customer will."""
    report = Report()
    try:
        root = check_charges(folder, manifest, invoice, report)
    except NotABundle as error:
        raise DoesNotProve(str(error)) from error
    if not report.holds or root != manifest["root"]:
        raise DoesNotProve("; ".join(report.differences[:3]))


def _listed(folder: Folder, manifest: dict[str, Any]) -> dict[str, Any]:
    files = []
    for name in SIGNED:
        digest, size = sha256(), 0
        for chunk in folder.chunks(name):
            digest.update(chunk)
            size += len(chunk)
        files.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})
    return manifest | {"rules": rule_lines((folder.path / RULES).read_bytes()), "files": files}
