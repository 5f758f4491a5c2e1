"""Keys and signing secrets that expire, a limit of requests, and what people do about quarantine, kept for good."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import leads.models.source
from billing_engine.core.immutable import refuse

FACTS = ("item_id", "kind", "at", "note", "changed", "delivery_id")


def row(name: str) -> str:
    return "ROW(" + ", ".join(f"{name}.{fact}" for fact in FACTS) + ")"


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0004_receipt_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkRetry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("started_at", models.DateTimeField()),
                ("total", models.PositiveIntegerField(help_text="How many waited when it began.")),
                ("stored", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0, help_text="Refused again.")),
                ("reached", models.BigIntegerField(default=0, help_text="The last item that was tried.")),
                ("up_to", models.BigIntegerField(help_text="The last item that waited when it began.")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "bulk retries",
            },
        ),
        migrations.CreateModel(
            name="QuarantineStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("refused_again", "Retried, refused again"),
                            ("repaired", "Retried, went in"),
                            ("took_new", "The new version taken"),
                            ("discarded", "Discarded"),
                        ],
                        max_length=13,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("note", models.TextField(blank=True, help_text="The reason given, or what was still wrong.")),
                (
                    "changed",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What the new version changed: of each member, before and after.",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SigningSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, help_text="No longer good from then on.", null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("sealed", models.BinaryField(help_text="The secret, encrypted with a key made from SECRET_KEY.")),
                ("hint", models.CharField(help_text="The part that may be shown.", max_length=12)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(blank=True, help_text="No longer good from then on.", null=True),
        ),
        migrations.AddField(
            model_name="source",
            name="default_country",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="ISO 3166, such as US: of phone numbers without a country code, where a lead names no country.",
                max_length=2,
                validators=[leads.models.source.known_country],
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="requests_per_minute",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="How often it may ask, all its keys together; 0 for no limit. Empty: as the settings say.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="signature_required",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Refuse deliveries that are not signed with the signing secret.",
            ),
        ),
        migrations.AddField(
            model_name="bulkretry",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bulk_retries",
                to="leads.source",
            ),
        ),
        migrations.AddField(
            model_name="bulkretry",
            name="started_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="quarantinestep",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="quarantinestep",
            name="delivery",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="What it went in as.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.delivery",
            ),
        ),
        migrations.AddField(
            model_name="quarantinestep",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="leads.quarantineditem"
            ),
        ),
        migrations.AddField(
            model_name="signingsecret",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="signingsecret",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="signing_secrets", to="leads.source"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkretry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("source", "code"),
                name="one_bulk_retry_of_a_source_and_code_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkretry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total__gte",
                        django.db.models.expressions.CombinedExpression(models.F("stored"), "+", models.F("refused")),
                    )
                ),
                name="a_bulk_retry_tries_what_waited",
            ),
        ),
        migrations.AlterField(
            model_name="lead",
            name="person_key",
            field=models.CharField(
                blank=True,
                help_text="The e-mail address, or else the phone number, normalised: the same person, whatever the source.",
                max_length=254,
            ),
        ),
        refuse(
            name="nothing_is_ever_deleted_from_quarantine",
            table="leads_quarantineditem",
            when="TRUE",
            on="DELETE",
            words="What was refused is mended or discarded, and stays.",
        ),
        refuse(
            name="what_was_done_about_an_item_never_changes",
            table="leads_quarantinestep",
            # But for the person: whoever leaves is forgotten.
            when=f"TG_OP = 'DELETE' OR {row('NEW')} IS DISTINCT FROM {row('OLD')}",
            words="What was done about a quarantined item is kept as it was.",
        ),
    ]
