"""Leads and actions are written without foreign keys; triggers see to what those promise."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).with_name("named_rows.sql")
UNDONE = """
    DROP FUNCTION leads_name_what_is_there() CASCADE;
    DROP FUNCTION actions_name_what_is_there() CASCADE;
    DROP FUNCTION what_leads_and_actions_name_stays() CASCADE;
"""


def unchecked(model: str, name: str, to: str, related_name: str, **options: bool) -> migrations.AlterField:
    """The same relation, which the database does not check row by row."""
    key = models.ForeignKey(
        to=to,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        db_constraint=False,
        **options,
    )
    return migrations.AlterField(model_name=model, name=name, field=key)


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_intake_functions")]

    operations = [
        unchecked("lead", "source", "leads.source", "leads", db_index=False),
        unchecked("lead", "product", "leads.product", "leads"),
        unchecked("action", "lead", "leads.lead", "actions", db_index=False),
        unchecked("action", "action_type", "leads.actiontype", "actions", db_index=False),
        unchecked("action", "period", "leads.billingperiod", "actions", db_index=False),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDONE),
    ]
