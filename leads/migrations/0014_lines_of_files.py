"""What became of each line of a file, beside what became of each item."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_plausible_sizes"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="lines_blank",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="lines_read",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="lines_refused",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Of rows that can't be read; they wait in quarantine."
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="lines_taken",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="Of rows that became leads."),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("lines_read__gt", 0)),
                fields=["received_at"],
                include=("lines_read", "lines_taken", "lines_blank", "lines_refused"),
                name="delivery_of_lines",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "lines_read",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("lines_taken"), "+", models.F("lines_blank")
                            ),
                            "+",
                            models.F("lines_refused"),
                        ),
                    )
                ),
                name="every_line_read_has_exactly_one_outcome",
            ),
        ),
    ]
