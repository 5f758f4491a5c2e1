"""PostgreSQL refuses what would change an issued invoice, whoever asks."""

from django.db import migrations

from billing_engine.core.immutable import refuse

LINES_FROZEN = (
    "EXISTS (SELECT FROM invoices_invoice invoice"
    " WHERE invoice.id IN (OLD.invoice_id, NEW.invoice_id) AND invoice.state <> 'draft')"
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial")]

    operations = [
        refuse(
            name="an_issued_invoice_never_changes",
            table="invoices_invoice",
            when="OLD.state = 'issued'",
            words="An issued invoice never changes; what is wrong is corrected by a credit note.",
        ),
        refuse(
            name="lines_change_on_drafts_only",
            table="invoices_invoiceline",
            on="INSERT OR UPDATE OR DELETE",
            when=LINES_FROZEN,
            words="The lines of an invoice change only while it is a draft.",
        ),
        refuse(
            name="the_document_of_an_invoice_never_changes",
            table="invoices_invoicedocument",
            when="TRUE",
            words="The PDF of an issued invoice stays the same bytes for ever.",
        ),
    ]
