"""An action is taken back whatever the state of its period; what a closed one was rated by stays, the database sees to it."""

from django.db import migrations, models

from billing_engine.core.immutable import refuse

CLOSED = "(SELECT state FROM leads_billingperiod WHERE id = {row}.period_id) = 'closed'"
FACTS = ("lead_id", "external_id", "action_type_id", "period_id", "occurred_at", "quantity", "value")
VOIDED = "{row}.voided_at IS NOT NULL AND NOT {row}.voided_after_close"
NAME = "actions_of_a_closed_period_never_change"


def facts(row: str) -> str:
    """What rating goes by."""
    return f"ROW({', '.join(f'{row}.{fact}' for fact in FACTS)}, {VOIDED.format(row=row)})"


class Migration(migrations.Migration):
    dependencies = [("leads", "0014_lines_of_files")]

    operations = [
        migrations.AddField(
            model_name="action",
            name="voided_after_close",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its period was closed when it was taken back: what it was charged stands until that is opened again.",
            ),
        ),
        migrations.AddConstraint(
            model_name="action",
            constraint=models.CheckConstraint(
                condition=models.Q(("voided_after_close", False), ("voided_at__isnull", False), _connector="OR"),
                name="only_a_voided_action_is_voided_after_its_close",
            ),
        ),
        migrations.AddIndex(
            model_name="action",
            index=models.Index(
                condition=models.Q(("voided_after_close", True)), fields=["period"], name="action_voided_after_close"
            ),
        ),
        migrations.RunSQL(
            f"DROP TRIGGER {NAME} ON leads_action; DROP FUNCTION {NAME}();",
            migrations.RunSQL.noop,
        ),
        refuse(
            name=NAME,
            table="leads_action",
            when=f"{facts('NEW')} IS DISTINCT FROM {facts('OLD')} AND ({CLOSED.format(row='OLD')}"
            f" OR {CLOSED.format(row='NEW')})",
            words="This billing period is closed: its actions never change.",
        ),
    ]
