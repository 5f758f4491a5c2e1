import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RuleImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                ("name", models.CharField(help_text="The file's name.", max_length=200)),
                ("body", models.BinaryField(help_text="The file as it was uploaded.")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("uploaded_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Checking"),
                            ("checked", "Checked"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0, help_text="Number of rows, once the file is read.")),
                ("rows_checked", models.PositiveIntegerField(default=0)),
                (
                    "report",
                    models.JSONField(
                        blank=True, default=dict, help_text="What the dry run found: faults, and drafts to create."
                    ),
                ),
                ("message", models.TextField(blank=True, help_text="Why it failed, or why nothing was created.")),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "rule import",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "applying"])),
                        fields=["next_attempt_at"],
                        name="rule_import_unsettled",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_rule_import_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state__in", ["waiting", "applying"])),
                            models.Q(
                                models.Q(("state__in", ["waiting", "applying"]), _negated=True),
                                ("next_attempt_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="a_rule_import_that_waits_says_until_when",
                    ),
                ],
            },
        ),
    ]
