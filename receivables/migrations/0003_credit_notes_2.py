"""Papers: the PDFs of credit notes, statements and reminders, and the emails with them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0002_credit_notes"),
        ("leads", "0002_credit_notes"),
        ("receivables", "0003_reminders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Paper",
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
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being made"), ("kept", "Stored"), ("failed", "Could not be made")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, help_text="Why it could not be made.")),
                ("content", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="digest")),
                ("rendered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("credit_note", "Credit note"),
                            ("statement", "Statement of account"),
                            ("reminder", "Reminder"),
                        ],
                        max_length=11,
                    ),
                ),
                ("file_name", models.CharField(max_length=100)),
                ("source", models.JSONField(help_text="The document's content, as it was when it was requested.")),
            ],
        ),
        migrations.CreateModel(
            name="PaperMail",
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
                (
                    "interrupted",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Attempts that ended with their worker or with an error of the program."
                    ),
                ),
                ("is_being_sent", models.BooleanField(default=False)),
                (
                    "accepted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="The addresses that the server accepted.",
                        size=None,
                    ),
                ),
                (
                    "rejected",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The addresses that the server permanently rejected, each with the server's reply.",
                    ),
                ),
                (
                    "may_have_arrived",
                    models.BooleanField(
                        default=False,
                        help_text="The connection or the worker ended when the server may already have received the email.",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it was not sent, or not yet.")),
                ("via", models.CharField(blank=True, help_text="The mail server that received it.", max_length=200)),
                (
                    "request",
                    models.UUIDField(
                        help_text="Identifies the request: repeating it sends nothing twice.", unique=True
                    ),
                ),
                (
                    "message_id",
                    models.CharField(
                        default="",
                        help_text="The same for every attempt, so that email programs recognize a second copy.",
                        max_length=320,
                    ),
                ),
                (
                    "to",
                    django.contrib.postgres.fields.ArrayField(base_field=models.EmailField(max_length=254), size=None),
                ),
                ("subject", models.CharField(max_length=400)),
                ("body", models.TextField(verbose_name="message")),
                ("requested_at", models.DateTimeField()),
                (
                    "sha256",
                    models.CharField(
                        blank=True, help_text="SHA-256 of the attached PDF.", max_length=64, verbose_name="digest"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("partly", "Partly sent"),
                            ("written", "Not sent: no mail server"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
            ],
            options={
                "verbose_name": "email with a paper",
                "verbose_name_plural": "emails with papers",
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="creditnote",
            name="a_credit_note_has_its_number_from_issue_on",
        ),
        migrations.AddField(
            model_name="paper",
            name="customer",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="leads.customer"
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="paper",
            field=models.OneToOneField(
                blank=True,
                help_text="Its PDF.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_note",
                to="receivables.paper",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("document__isnull", False),
                        ("issued_at__isnull", False),
                        ("issued_on__isnull", False),
                        ("number__isnull", False),
                        ("paper__isnull", False),
                        ("serial__gte", 1),
                        ("series__isnull", False),
                        ("state", "issued"),
                    ),
                    models.Q(
                        models.Q(("state", "issued"), _negated=True),
                        ("document", None),
                        ("issued_at", None),
                        ("issued_by", None),
                        ("issued_on", None),
                        ("number", None),
                        ("paper", None),
                        ("serial", None),
                        ("series", None),
                    ),
                    _connector="OR",
                ),
                name="a_credit_note_has_its_number_from_issue_on",
            ),
        ),
        migrations.AddField(
            model_name="papermail",
            name="paper",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="mails", to="receivables.paper"
            ),
        ),
        migrations.AddField(
            model_name="papermail",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="paper_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.CheckConstraint(
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
                name="a_kept_paper_has_its_bytes_and_their_digest",
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_attempt_at__isnull", False), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("next_attempt_at", None)),
                    _connector="OR",
                ),
                name="a_waiting_paper_has_a_next_attempt",
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_failed_paper_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="papermail",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="paper_mail_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="papermail",
            constraint=models.CheckConstraint(
                condition=models.Q(("to__len__gt", 0)), name="a_paper_mail_has_a_recipient"
            ),
        ),
        migrations.AddConstraint(
            model_name="papermail",
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
                name="a_settled_paper_mail_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="papermail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "sent"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="a_failed_paper_mail_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="papermail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "partly"]), _negated=True),
                    models.Q(
                        models.Q(("sha256", ""), _negated=True),
                        models.Q(("via", ""), _negated=True),
                        ("accepted__len__gt", 0),
                    ),
                    _connector="OR",
                ),
                name="a_sent_paper_mail_names_its_pdf_and_server",
            ),
        ),
        InstallSql("receivables", "models/sql/credit_notes_change_as_drafts_only.sql", "318aff7b21fd"),
        InstallSql("receivables", "models/sql/a_stored_paper_never_changes.sql", "5f199fa2d4bb"),
    ]
