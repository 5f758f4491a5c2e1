"""The same invoice for both: as a document with its annex, and as HTML."""

from html import escape

from invoices.domain.document.annex import Annex, AnnexPart
from invoices.domain.document.content import InvoiceContent, LabeledValue, Party
from invoices.domain.document.parts.line_groups import LineGroup, LineRow

LINES = 28  # two pages
PARTS = 5  # lines that the annex's charges belong to


def paper() -> InvoiceContent:
    """Two pages."""
    rows = tuple(
        LineRow(f"Palladiana Bianco {number}", (), "1,250", "$0.25", "$312.50") for number in range(1, LINES + 1)
    )
    return InvoiceContent(
        title="Invoice",
        mark="",
        number="INV-2026-000012",
        made_on="2026-11-03",
        seller=Party("Swatchyard, Inc.", ("350 Harbor Street", "Brooklyn, NY 11231"), "EIN 00", ("billing@a.example",)),
        bill_to=Party("Terrazza Stoneworks, Inc.", ("418 Quarry Lane", "Barre, VT 05641"), "", ("ap@b.example",)),
        details=(LabeledValue("Invoice number", "INV-2026-000012"), LabeledValue("Due date", "December 3, 2026")),
        headline="$8,750.00 due December 3, 2026",
        subject="Lead activity for October 2026",
        lines=(),
        groups=(LineGroup("Sample order", "samples", rows),),
        actions=(),
        subtotals=(LabeledValue("Subtotal", "$8,750.00"), LabeledValue("Tax", "$0.00")),
        total=LabeledValue("Total due", "$8,750.00 USD"),
        uncharged=(),
        uncharged_total=None,
        payment=("Swatchyard, Inc.", "First Example Bank, account 0000000000"),
        reference="RF35 INV2 0260 0001 2",
        questions=("Charges dispute charges until December 3, 2026.",),
    )


def annex(charges: int) -> Annex:
    """This many charges, of five lines."""
    rows = [
        (f"Oct {number % 28 + 1}, 12:00", f"Website · lead-{number:06d}", f"order-{number:08d}", "1", "$2.50")
        for number in range(charges // PARTS)
    ]
    parts = (AnnexPart(part, f"Palladiana Bianco {part} · Sample order", "$5,000.00", rows) for part in range(PARTS))
    return Annex(tuple(parts), "Each charge with its share of its line, to the cent.")


STYLE = """
@page { size: letter; margin: 19mm 20mm 22mm; @bottom-right { content: "Page " counter(page) " of " counter(pages) } }
body { font: 10pt serif } table { width: 100%; border-collapse: collapse } td, th { padding: 6pt 4pt; text-align: left }
.annex { font-size: 7.6pt } .annex td, .annex th { padding: 1.5pt 0 } tr { break-inside: avoid }
"""


def html(paper: InvoiceContent, annex: Annex | None) -> str:
    """The same words in plain tables, which suit WeasyPrint."""
    told = [f"<h1>{paper.title}</h1><p>{escape(party.name)}</p>" for party in (paper.seller, paper.bill_to)]
    told += [f"<p>{escape(fact.label)} {escape(fact.value)}</p>" for fact in paper.details]
    told.append(_table("", [(row.name, row.quantity, row.unit_price, row.amount) for row in paper.groups[0].rows]))
    told += [f"<p>{escape(fact.label)} {escape(fact.value)}</p>" for fact in (*paper.subtotals, paper.total)]
    told += [f"<p>{escape(line)}</p>" for line in (*paper.payment, *paper.questions)]
    for part in annex.parts if annex else ():
        told.append(f"<h2>{escape(part.description)}</h2>" + _table("annex", part.rows))
    return f'<html lang="en"><title>Invoice</title><style>{STYLE}</style><body>{"".join(told)}</body></html>'


def _table(kind: str, rows: list[tuple[str, ...]]) -> str:
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f'<table class="{kind}">' + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"
