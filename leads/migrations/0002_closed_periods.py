"""PostgreSQL refuses what would change a closed period, and what would change a delivery at all."""

from django.db import migrations

from billing_engine.core.immutable import refuse, refuse_statement

CLOSED = "(SELECT state FROM leads_billingperiod WHERE id = {row}.period_id) = 'closed'"
FACTS = ("lead_id", "external_id", "action_type_id", "period_id", "occurred_at", "quantity", "value")


def row(name: str) -> str:
    return "ROW(" + ", ".join(f"{name}.{fact}" for fact in FACTS) + ")"


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        refuse_statement(
            name="a_closed_period_gets_no_new_actions",
            table="leads_action",
            event="INSERT",
            when="EXISTS (SELECT FROM touched JOIN leads_billingperiod p ON p.id = period_id WHERE p.state = 'closed')",
            words="This billing period is closed: it gets no new actions.",
        ),
        refuse(
            name="actions_of_a_closed_period_never_change",
            table="leads_action",
            when=f"{row('NEW')} IS DISTINCT FROM {row('OLD')} AND ({CLOSED.format(row='OLD')}"
            f" OR {CLOSED.format(row='NEW')})",
            words="This billing period is closed: its actions never change.",
        ),
        refuse(
            name="what_was_received_never_changes",
            table="leads_delivery",
            when="TRUE",
            words="A delivery is kept as it was received.",
        ),
    ]
