"""A period that is open in a locked month takes nothing new."""

from pathlib import Path

from django.db import migrations, models

from billing_engine.core.immutable import refuse_statement

HERE = Path(__file__).parent
NAME = "a_closed_period_gets_no_new_actions"


def as_before() -> str:
    """Both functions as they were."""
    store = (HERE / "intake_functions.sql").read_text(encoding="utf-8").partition("-- Stores a delivery")[2]
    known = (HERE / "intake_known_types.sql").read_text(encoding="utf-8")
    return f"{known}\n-- {store.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION')}"


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_voids_after_the_close")]

    operations = [
        migrations.AddField(
            model_name="billingperiod",
            name="is_sealed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its month is locked: though it may be open, it takes no new actions.",
                verbose_name="sealed",
            ),
        ),
        migrations.RunSQL((HERE / "intake_sealed.sql").read_text(encoding="utf-8"), as_before()),
        migrations.RunSQL(f"DROP TRIGGER {NAME} ON leads_action; DROP FUNCTION {NAME}();", migrations.RunSQL.noop),
        refuse_statement(
            name=NAME,
            table="leads_action",
            event="INSERT",
            when="EXISTS (SELECT FROM touched JOIN leads_billingperiod p ON p.id = period_id"
            " WHERE p.state = 'closed' OR p.is_sealed)",
            words="This billing period is closed, or its month is locked: it gets no new actions.",
        ),
    ]
