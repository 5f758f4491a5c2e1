from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_roles"), ("pricing", "0002_roles"), ("invoices", "0002_approvals")]

    operations = [
        InstallSql("invoices", "models/sql/next_in_series.sql", "e17ed0e55b02"),
        InstallSql("invoices", "models/sql/a_period_reopens_only_for_a_recorded_reason.sql", "653f0b3e3c32"),
        InstallSql("invoices", "models/sql/invoices_are_never_emptied.sql", "0283833f6554"),
    ]
