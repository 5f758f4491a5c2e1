"""Documents and mails with their attempts: what is tried again, when, and why it ended."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.immutable import refuse

FROZEN = "the_document_of_an_invoice_never_changes"
WORDS = "The PDF of an issued invoice stays the same bytes for ever."
# Mails of before are put into words of today: whom a server took them for, and the id they had.
MAILS = """
    ALTER TABLE invoices_invoicemail DISABLE TRIGGER a_settled_mail_never_changes;
    UPDATE invoices_invoicemail SET message_id = '<' || request || '@localhost>',
        next_attempt_at = CASE WHEN state = 'waiting' THEN asked_at END,
        taken = CASE WHEN state = 'sent' THEN "to" ELSE taken END;
    ALTER TABLE invoices_invoicemail ENABLE TRIGGER a_settled_mail_never_changes;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0017_grace_days"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="unprintable",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Characters in the annex that no font of ours has, found when it was drafted.",
                max_length=100,
            ),
        ),
        # --- Documents: made again by the sweep, with rows of their own -----------------------------------------------
        migrations.RunSQL(
            f"DROP TRIGGER {FROZEN} ON invoices_invoicedocument; DROP FUNCTION {FROZEN}();", migrations.RunSQL.noop
        ),
        migrations.DeleteModel("InvoiceDocument"),
        migrations.CreateModel(
            name="InvoiceDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoice"), ("void", "Void invoice")], default="invoice", max_length=7
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being made"), ("kept", "Kept"), ("failed", "Could not be made")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Counted before each, so that none is forgotten."
                    ),
                ),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it could not be made.")),
                (
                    "source",
                    models.JSONField(
                        blank=True,
                        help_text="What it says, where the invoice's charges can no longer be asked.",
                        null=True,
                    ),
                ),
                ("content", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="digest")),
                ("rendered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="The invoice that it names as the void one's replacement.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="document_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "kind", "replaced_by"),
                        name="an_invoice_has_each_document_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("content__isnull", False),
                                ("rendered_at__isnull", False),
                                ("state", "kept"),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "kept"), _negated=True),
                                ("content", None),
                                ("rendered_at", None),
                                ("sha256", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_kept_document_has_its_bytes_and_their_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("next_attempt_at", None)),
                            _connector="OR",
                        ),
                        name="a_document_that_waits_says_until_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_document_that_could_not_be_made_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("replaced_by", None), ("kind", "void"), _connector="OR"),
                        name="only_a_void_document_names_a_replacement",
                    ),
                ],
            },
        ),
        refuse(
            name=FROZEN,
            table="invoices_invoicedocument",
            when="TG_OP = 'DELETE' OR OLD.state = 'kept'",
            words=WORDS,
        ),
        # --- Mails --------------------------------------------------------------------------------------------------
        migrations.RemoveConstraint(model_name="invoicemail", name="a_settled_mail_says_when"),
        migrations.RemoveConstraint(model_name="invoicemail", name="a_failed_mail_says_why"),
        migrations.RemoveConstraint(model_name="invoicemail", name="a_sent_mail_names_its_pdf_and_who_took_it"),
        migrations.RemoveIndex(model_name="invoicemail", name="mail_waiting"),
        migrations.AddField(
            model_name="invoicemail",
            name="message_id",
            field=models.CharField(
                default="",
                help_text="The same for every attempt, so that a mail program knows a second copy.",
                max_length=320,
            ),
        ),
        migrations.AddField(
            model_name="invoicemail",
            name="interrupted",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Attempts whose worker ended before it could say more."
            ),
        ),
        migrations.AddField(model_name="invoicemail", name="is_being_sent", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="invoicemail",
            name="may_have_arrived",
            field=models.BooleanField(
                default=False,
                help_text="The connection broke, or a worker ended, when the server may have had all of it.",
            ),
        ),
        migrations.AddField(
            model_name="invoicemail", name="next_attempt_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="invoicemail",
            name="refused",
            field=models.JSONField(
                blank=True, default=dict, help_text="The addresses the server refused for good, each with its words."
            ),
        ),
        migrations.AddField(
            model_name="invoicemail",
            name="taken",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.EmailField(max_length=254),
                blank=True,
                default=list,
                help_text="The addresses the server took it for.",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="invoicemail",
            name="attempts",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Counted before each, so that none is forgotten."
            ),
        ),
        migrations.AlterField(
            model_name="invoicemail",
            name="reason",
            field=models.TextField(blank=True, help_text="Why it could not be sent, or not yet."),
        ),
        migrations.AlterField(
            model_name="invoicemail",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("sent", "Sent"),
                    ("partly", "Sent in part"),
                    ("written", "Not sent: no mail server"),
                    ("failed", "Failed"),
                    ("void", "Not sent: void"),
                ],
                default="waiting",
                max_length=7,
            ),
        ),
        migrations.RunSQL(MAILS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="invoicemail",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="mail_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_attempt_at__isnull", False), ("settled_at", None), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("next_attempt_at", None),
                        ("settled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="a_settled_mail_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "sent"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="a_failed_mail_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "partly"]), _negated=True),
                    models.Q(
                        models.Q(("sha256", ""), _negated=True),
                        models.Q(("via", ""), _negated=True),
                        ("taken__len__gt", 0),
                    ),
                    _connector="OR",
                ),
                name="a_sent_mail_names_its_pdf_and_who_took_it",
            ),
        ),
        migrations.AlterField(model_name="mailtemplate", name="subject", field=models.CharField(max_length=400)),
        migrations.AlterField(
            model_name="mailtemplate", name="body", field=models.TextField(max_length=20000, verbose_name="message")
        ),
    ]
