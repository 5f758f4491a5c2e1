import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(help_text="What is to be approved, such as rule_activation.", max_length=60)),
                (
                    "subject",
                    models.CharField(
                        help_text="The row that is to be approved, such as pricing.pricerule:12.", max_length=120
                    ),
                ),
                ("subject_name", models.CharField(max_length=200)),
                ("reason", models.TextField(blank=True)),
                (
                    "differences",
                    models.JSONField(
                        default=list, help_text="What changes: the field, and its value before and after."
                    ),
                ),
                (
                    "effect",
                    models.JSONField(
                        default=dict, help_text="What it does, such as the amounts of each customer now and then."
                    ),
                ),
                (
                    "authors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="The people who wrote part of it, including the one who asks; none of them approves.",
                        size=None,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("sent_back", "Sent back"),
                            ("withdrawn", "Withdrawn"),
                            ("replaced", "Replaced"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("words", models.TextField(blank=True, help_text="What the person who decided wrote.")),
                (
                    "mailed_at",
                    models.DateTimeField(
                        blank=True, help_text="When the people who may decide got an email.", null=True
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals_asked",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who approved it, sent it back, withdrew it, or asked again.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals_decided",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "id"], name="approval_of_subject")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("kind", "subject"),
                        name="only_one_request_for_the_same_approval_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_request_that_is_decided_says_by_whom_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="the_person_who_asks_never_approves",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), _negated=True),
                            ("decided_by", models.F("asked_by")),
                            _connector="OR",
                        ),
                        name="a_request_is_withdrawn_by_the_person_who_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent_back"), _negated=True),
                            models.Q(("words", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_request_is_sent_back_with_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("verb", models.CharField(help_text="What was done, such as invoice_approved.", max_length=60)),
                (
                    "actor",
                    models.CharField(
                        choices=[("person", "Person"), ("source", "Source"), ("engine", "Engine")], max_length=6
                    ),
                ),
                (
                    "actor_name",
                    models.CharField(help_text="The name of the person, source or task at that time.", max_length=200),
                ),
                (
                    "task",
                    models.CharField(
                        blank=True, help_text="The task or command that carried it out, if any.", max_length=100
                    ),
                ),
                (
                    "request",
                    models.CharField(blank=True, help_text="The ID of the request, as in the log.", max_length=100),
                ),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "objects_touched",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        db_column="objects",
                        help_text="What it touched, such as invoices.invoice:12; the first is its subject.",
                        size=None,
                    ),
                ),
                ("subject_name", models.CharField(blank=True, max_length=200)),
                (
                    "before",
                    models.JSONField(blank=True, default=dict, help_text="The changed values as they were, by field."),
                ),
                (
                    "after",
                    models.JSONField(
                        blank=True, default=dict, help_text="The changed values as they are since, by field."
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "position",
                    models.BigIntegerField(editable=False, help_text="Its place in the chain, from 1.", null=True),
                ),
                (
                    "digest",
                    models.BinaryField(
                        help_text="SHA-256 of the digest before it and the text of the deed.", null=True
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deeds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["objects_touched"], name="deed_objects"),
                    models.Index(condition=models.Q(("position", None)), fields=["id"], name="deed_not_in_chain"),
                    models.Index(fields=["verb", "id"], name="deed_verb"),
                    django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["at"], name="deed_at"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("position",), name="a_place_in_the_chain_of_deeds_is_taken_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor", "person"), ("person__isnull", False)),
                            models.Q(("actor", "person"), _negated=True),
                            _connector="OR",
                        ),
                        name="a_deed_of_a_person_names_the_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest", None), ("position", None)),
                            models.Q(("digest__isnull", False), ("position__gte", 1)),
                            _connector="OR",
                        ),
                        name="a_deed_in_the_chain_has_its_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("objects_touched__len__gte", 1)), name="a_deed_touches_something"
                    ),
                ],
            },
        ),
        InstallSql("core", "models/sql/deeds_are_only_added.sql", "d8a7b77ec591"),
        InstallSql("core", "models/sql/seal_deeds.sql", "04335bade660"),
        InstallSql("core", "models/sql/approvals_are_decided_once.sql", "eaa984d99f7f"),
        InstallSql("core", "models/sql/a_kept_table_is_never_emptied.sql", "a4ac8bed20a5"),
        InstallSql("core", "models/sql/a_deed_gets_its_place_when_it_is_sealed.sql", "caba1f7c4d57"),
    ]
