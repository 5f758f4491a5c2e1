"""What is plausible of an action, by its type; deliveries are told."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_name("intake_known_types.sql")
BEFORE = Path(__file__).with_name("intake_known.sql")


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0012_wide_sums"),
    ]

    operations = [
        migrations.AddField(
            model_name="actiontype",
            name="largest_quantity",
            field=models.DecimalField(
                db_default=1000000,
                decimal_places=6,
                default=1000000,
                help_text="An action with a larger one waits in quarantine, and can be retried once this is raised.",
                max_digits=18,
            ),
        ),
        migrations.AddField(
            model_name="actiontype",
            name="largest_value",
            field=models.DecimalField(
                db_default=1000000000,
                decimal_places=6,
                default=1000000000,
                help_text="The same for its money value, in the customer's currency.",
                max_digits=18,
            ),
        ),
        migrations.AddConstraint(
            model_name="actiontype",
            constraint=models.CheckConstraint(
                condition=models.Q(("largest_quantity__gte", 0), ("largest_value__gte", 0)),
                name="the_limits_of_an_action_type_are_not_negative",
                violation_error_message="A limit is not negative.",
            ),
        ),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), BEFORE.read_text(encoding="utf-8")),
    ]
