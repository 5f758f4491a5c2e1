"""When an invoice first went to its customer: the one thing about an issued invoice that may still be noted."""

from django.db import migrations, models

from billing_engine.core.immutable import refuse

NAME = "an_issued_invoice_never_changes"
WORDS = "An issued invoice never changes; what is wrong is corrected by a credit note."
BEFORE = refuse(name=NAME, table="invoices_invoice", when="OLD.state = 'issued'", words=WORDS)
AFTER = refuse(
    name=NAME,
    table="invoices_invoice",
    when="OLD.state = 'issued' AND NOT (TG_OP = 'UPDATE' AND OLD.sent_at IS NULL"
    " AND to_jsonb(NEW) - 'sent_at' = to_jsonb(OLD) - 'sent_at')",
    words=WORDS,
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0004_runs_paused_and_by_schedule")]

    operations = [
        migrations.AddField(
            "invoice",
            "sent_at",
            models.DateTimeField(blank=True, help_text="When it first went to the customer.", null=True),
        ),
        migrations.RunSQL(BEFORE.reverse_sql, BEFORE.sql),
        AFTER,
    ]
