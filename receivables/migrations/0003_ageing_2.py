import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_credit_notes"),
        ("receivables", "0003_credit_notes_2"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=2000)),
                ("written_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="account_notes", to="leads.customer"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="a_note_says_something"
                    )
                ],
            },
        ),
        InstallSql("receivables", "models/sql/account_notes_are_kept.sql", "c41dd8bf7cf8"),
    ]
