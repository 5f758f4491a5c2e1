"""An approval names the person who gave it, whatever else writes to the invoice."""

from typing import ClassVar

from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("invoices", "0001_initial")]

    operations: ClassVar = [
        InstallSql("invoices", "models/sql/an_approved_invoice_is_only_issued_or_sent_back.sql", "5290052d50ec")
    ]
