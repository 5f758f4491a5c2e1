"""The template of the mails that invoices go out with, and every mail."""

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.immutable import refuse

SUBJECT = "Invoice {number} from {seller}"
BODY = """Dear {customer},

please find attached our invoice {number} for {period}.

Total due: {total}
Due date: {due_on}

{pay_to}

Is anything about it unclear? Write to {seller_email}.

{seller}
"""


def write_the_template_for_all(apps: Any, schema_editor: object) -> None:  # noqa: ARG001 -- Django calls it so
    apps.get_model("invoices", "MailTemplate").objects.create(customer=None, subject=SUBJECT, body=BODY)


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0005_sent_at"),
        ("leads", "0010_cycles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InvoiceMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "request",
                    models.UUIDField(help_text="Asking with the same one again sends nothing again.", unique=True),
                ),
                (
                    "to",
                    django.contrib.postgres.fields.ArrayField(base_field=models.EmailField(max_length=254), size=None),
                ),
                ("subject", models.CharField(max_length=400)),
                ("body", models.TextField(verbose_name="message")),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="More than one: a worker ended while it was sending, so it may have arrived twice.",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it could not be sent.")),
                ("via", models.CharField(blank=True, help_text="The mail server it was handed to.", max_length=200)),
                (
                    "sha256",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 of the PDF that went with it.",
                        max_length=64,
                        verbose_name="digest",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mails", to="invoices.invoice"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["asked_at"], name="mail_waiting")
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("to__len__gt", 0)), name="a_mail_goes_to_somebody"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_settled_mail_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_mail_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent"), _negated=True),
                            models.Q(models.Q(("sha256", ""), _negated=True), models.Q(("via", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_sent_mail_names_its_pdf_and_who_took_it",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField(max_length=10000, verbose_name="message")),
                (
                    "customer",
                    models.OneToOneField(
                        blank=True,
                        help_text="Empty: for every customer that has none of its own.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mail_template",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer",), name="a_customer_has_one_mail_template", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.RunPython(write_the_template_for_all, migrations.RunPython.noop),
        refuse(
            name="a_settled_mail_never_changes",
            table="invoices_invoicemail",
            when="OLD.state <> 'waiting'",
            words="What was sent, or could not be, stays on record; to send it again is another mail.",
        ),
    ]
