"""The two statements of a delivery as functions, whose plans are kept."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("intake_functions.sql")


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_quarantine_groups")]

    operations = [
        migrations.RunSQL(
            SQL.read_text(encoding="utf-8"),
            "DROP FUNCTION intake_known(bigint, bigint, text[], text[], boolean, text[]);"
            "DROP FUNCTION intake_store(jsonb, jsonb, jsonb, bigint[]);",
        )
    ]
