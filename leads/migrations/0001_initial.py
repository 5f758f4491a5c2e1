import uuid
from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import leads.models.customer.customer
import leads.models.customer.membership
import leads.models.source
import leads.models.terms
from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("accounts", "0001_initial"),
        ("auth", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActionType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "Use only letters, digits, dots, dashes and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "Use only letters, digits, dots, dashes and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Inactive customers are skipped in billing runs.", verbose_name="active"
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217.",
                        max_length=3,
                        validators=[leads.models.customer.customer.validate_currency],
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        help_text="Months and weeks start and end at midnight in this zone.",
                        max_length=64,
                        validators=[leads.models.customer.customer.validate_time_zone],
                        verbose_name="billing time zone",
                    ),
                ),
                (
                    "cycle",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                        default="monthly",
                        help_text="A change applies from the end of the last existing billing period.",
                        max_length=12,
                        verbose_name="billing cycle",
                    ),
                ),
                (
                    "billed_from",
                    models.DateField(
                        default=leads.models.customer.customer.first_of_this_month,
                        help_text="First billed day, in the billing time zone. Billing periods start on this day and continue without gaps.",
                        verbose_name="billed from",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "permissions": [
                    (
                        "change_finance_terms",
                        "Can change payment terms, taxes, seller and billing contacts of customers",
                    ),
                    ("change_operations_terms", "Can change names and excluded domains of customers"),
                    ("change_commitments", "Can propose changes of contracts, minimums and budgets of customers"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("code"),
                        name="a_customer_has_one_code_however_written",
                        violation_error_message="Another customer already has this code, in different capitalization.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "label",
                    models.CharField(db_index=True, help_text="The name of the cycle, such as 2026-10.", max_length=10),
                ),
                ("start_at", models.DateTimeField(help_text="Inclusive.")),
                ("end_at", models.DateTimeField(help_text="Exclusive.")),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "is_sealed",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="The month is locked: the period takes no new actions, even if it is still open.",
                        verbose_name="sealed",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "label"), name="a_customer_has_one_period_of_a_cycle"),
                    models.CheckConstraint(
                        condition=models.Q(("end_at__gt", models.F("start_at"))), name="a_period_ends_after_it_starts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state", "open")),
                            models.Q(("closed_at__isnull", False), ("state", "closed")),
                            _connector="OR",
                        ),
                        name="a_closed_period_says_when",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("customer_id"),
                                    models.F("customer_id"),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            (models.Func(models.F("start_at"), models.F("end_at"), function="tstzrange"), "&&"),
                        ],
                        name="periods_of_one_customer_never_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, help_text="No longer valid from then on.", null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("prefix", models.CharField(help_text="The part that is shown.", max_length=12, unique=True)),
                ("digest", models.CharField(help_text="SHA-256 of the whole key.", max_length=64)),
                ("name", models.CharField(help_text="What it is for.", max_length=60)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("read", "Read"), ("disputes", "Open and follow disputes")], max_length=20
                        ),
                        help_text="What it may do.",
                        size=None,
                    ),
                ),
                (
                    "contact",
                    models.EmailField(
                        help_text="Who answers for it: disputes opened with it name this address.", max_length=254
                    ),
                ),
                (
                    "last_used_from",
                    models.GenericIPAddressField(blank=True, help_text="The address of its last request.", null=True),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="api_keys", to="leads.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "customer API key",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("scopes__contained_by", ["read", "disputes"]), ("scopes__contains", ["read"])
                        ),
                        name="a_customers_api_key_reads_and_has_known_scopes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True), models.Q(("contact", ""), _negated=True)
                        ),
                        name="a_customers_api_key_has_a_name_and_a_contact",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CycleChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("takes_effect_at", models.DateTimeField(help_text="The end of the last period of the earlier cycle.")),
                (
                    "cycle_before",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                        max_length=12,
                    ),
                ),
                (
                    "cycle_after",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                        max_length=12,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cycle_changes",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "takes_effect_at"), name="a_customer_changes_its_cycle_once_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cycle_before", models.F("cycle_after")), _negated=True),
                        name="a_change_of_cycle_changes_it",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=150)),
                ("name", models.CharField(max_length=150)),
                ("invited_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(help_text="When the link was last sent; older links no longer work.")),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("billing", "Billing contact"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=13,
                    ),
                ),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="accounts.customerperson",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("customer"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        name="an_address_has_one_open_invitation_to_a_portal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at", None), ("accepted_by", None)),
                            models.Q(
                                ("accepted_at__isnull", False), ("accepted_by__isnull", False), ("withdrawn_at", None)
                            ),
                            _connector="OR",
                        ),
                        name="an_accepted_invitation_to_a_portal_has_its_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("sent_at"))),
                        name="an_invitation_to_a_portal_expires_after_it_was_sent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("billing", "Billing contact"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=13,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="leads.customer",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="accounts.customerperson",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "person"), name="a_person_belongs_to_a_customer_once"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["viewer", "billing", "administrator"])),
                        name="a_member_of_a_portal_has_a_known_role",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
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
                    "to",
                    django.contrib.postgres.fields.ArrayField(base_field=models.EmailField(max_length=254), size=None),
                ),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField(verbose_name="message")),
                ("requested_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("failure", models.TextField(blank=True, help_text="Why it was not sent.")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="leads.customer"
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("to__len__gt", 0)), name="a_notice_has_a_recipient"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None)),
                            models.Q(("next_attempt_at", None), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_notice_waits_or_is_settled",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)), fields=["next_attempt_at"], name="notice_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PortalLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200)),
                ("began_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="portal_looks", to="leads.customer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gte", models.F("began_at"))),
                        name="a_look_at_a_portal_ends_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_look_at_a_portal_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=100, verbose_name="SKU")),
                ("name", models.CharField(max_length=200)),
                (
                    "list_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="What the product sells for. Charges don't depend on it.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="leads.customer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "sku"), name="a_customers_sku_names_one_product"),
                    models.CheckConstraint(
                        condition=models.Q(("list_price", None), ("list_price__gte", 0), _connector="OR"),
                        name="a_list_price_is_not_negative",
                    ),
                ],
                "indexes": [models.Index(fields=["sku"], name="product_sku")],
            },
        ),
        migrations.CreateModel(
            name="ProductRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(help_text="In the customer's time zone.")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("written_at", models.DateTimeField()),
                (
                    "in_force_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was put in force. Empty: it waits for approval, or was withdrawn.",
                        null=True,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("category", models.CharField(blank=True, max_length=80)),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="leads.product",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                        name="a_productrevision_in_force_is_not_withdrawn",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None)),
                        fields=("product",),
                        name="only_one_change_of_a_product_waits",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["product", "first_day", "id"], name="product_revision_by_day"),
                    models.Index(fields=["category"], name="product_revision_category"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "Use only letters, digits, dots, dashes and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Requests from an inactive source are refused.", verbose_name="active"
                    ),
                ),
                (
                    "new_products",
                    models.CharField(
                        choices=[("quarantine", "Put the lead in quarantine"), ("create", "Add the product")],
                        default="quarantine",
                        max_length=10,
                        verbose_name="unknown products",
                    ),
                ),
                (
                    "default_country",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="ISO 3166, such as US. Used for phone numbers without a country code if the lead names no country.",
                        max_length=2,
                        validators=[leads.models.source.validate_country],
                    ),
                ),
                (
                    "requests_per_minute",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Maximum requests per minute, all API keys together. 0: no limit. Empty: the default in the settings.",
                        null=True,
                    ),
                ),
                (
                    "signature_required",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Refuse deliveries that aren't signed with a signing secret.",
                    ),
                ),
                (
                    "field_mapping",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='A lead as JSON, with {Column} in place of the values of the imported file, such as {"id": "{Lead ID}", "product": {"sku": "{SKU}"}}.',
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        help_text="The customer whose products the leads are about, if a lead doesn't name one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("code"), name="a_source_code_is_unique_whatever_its_case"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_at", models.DateTimeField()),
                ("name", models.CharField(blank=True, help_text="The file name, if it was a file.", max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("body", models.BinaryField(help_text="The received bytes, compressed with zlib.")),
                ("body_size", models.PositiveIntegerField(help_text="Size in bytes before compression.")),
                (
                    "body_sha256",
                    models.CharField(help_text="SHA-256 of the received bytes.", max_length=64, verbose_name="digest"),
                ),
                (
                    "batch_id",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The sender's batch ID, from the envelope.",
                        max_length=200,
                    ),
                ),
                (
                    "sent_at",
                    models.DateTimeField(
                        blank=True, help_text="When the sender says it was sent, from the envelope.", null=True
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="A repeated request with this key gets the same receipt.",
                        max_length=200,
                    ),
                ),
                (
                    "answer",
                    models.BinaryField(
                        db_default=b"", default=b"", help_text="The receipt as it was sent, compressed with zlib."
                    ),
                ),
                ("lines_read", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "lines_taken",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="Lines of rows that became leads."),
                ),
                ("lines_blank", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "lines_refused",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="Lines of rows that can't be read; these are in quarantine."
                    ),
                ),
                ("leads_received", models.PositiveIntegerField(default=0)),
                ("leads_created", models.PositiveIntegerField(default=0)),
                (
                    "leads_updated",
                    models.PositiveIntegerField(default=0, help_text="Known leads that received something new."),
                ),
                ("leads_duplicate", models.PositiveIntegerField(default=0)),
                ("leads_conflict", models.PositiveIntegerField(db_default=0, default=0)),
                ("leads_quarantined", models.PositiveIntegerField(default=0)),
                (
                    "leads_test",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="Stored as tests and never charged."
                    ),
                ),
                ("actions_received", models.PositiveIntegerField(default=0)),
                ("actions_created", models.PositiveIntegerField(default=0)),
                (
                    "actions_updated",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="Known actions that were voided."),
                ),
                ("actions_duplicate", models.PositiveIntegerField(default=0)),
                ("actions_conflict", models.PositiveIntegerField(db_default=0, default=0)),
                ("actions_quarantined", models.PositiveIntegerField(default=0)),
                (
                    "actions_test",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="Stored as tests and never charged."
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="leads.source"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "permissions": [("view_raw_bodies", "Can see what sources sent, word for word, with contact data")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "leads_received",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("leads_created"), "+", models.F("leads_updated")
                                                ),
                                                "+",
                                                models.F("leads_duplicate"),
                                            ),
                                            "+",
                                            models.F("leads_conflict"),
                                        ),
                                        "+",
                                        models.F("leads_quarantined"),
                                    ),
                                    "+",
                                    models.F("leads_test"),
                                ),
                            )
                        ),
                        name="every_received_lead_has_exactly_one_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "actions_received",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("actions_created"), "+", models.F("actions_updated")
                                                ),
                                                "+",
                                                models.F("actions_duplicate"),
                                            ),
                                            "+",
                                            models.F("actions_conflict"),
                                        ),
                                        "+",
                                        models.F("actions_quarantined"),
                                    ),
                                    "+",
                                    models.F("actions_test"),
                                ),
                            )
                        ),
                        name="every_received_action_has_exactly_one_outcome",
                    ),
                    models.CheckConstraint(
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
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key", ""), _negated=True),
                        fields=("source", "idempotency_key"),
                        name="an_idempotency_key_names_one_delivery",
                    ),
                ],
                "indexes": [
                    models.Index(
                        fields=["received_at"],
                        include=(
                            "leads_received",
                            "leads_created",
                            "leads_updated",
                            "leads_duplicate",
                            "leads_conflict",
                            "leads_quarantined",
                            "leads_test",
                            "actions_received",
                            "actions_created",
                            "actions_updated",
                            "actions_duplicate",
                            "actions_conflict",
                            "actions_quarantined",
                            "actions_test",
                        ),
                        name="delivery_received_at",
                    ),
                    models.Index(
                        fields=["source", "received_at"],
                        include=(
                            "leads_created",
                            "leads_updated",
                            "leads_duplicate",
                            "leads_conflict",
                            "leads_quarantined",
                            "leads_test",
                            "actions_created",
                            "actions_updated",
                            "actions_duplicate",
                            "actions_conflict",
                            "actions_quarantined",
                            "actions_test",
                        ),
                        name="delivery_of_source",
                    ),
                    models.Index(
                        condition=models.Q(("lines_read__gt", 0)),
                        fields=["received_at"],
                        include=("lines_read", "lines_taken", "lines_blank", "lines_refused"),
                        name="delivery_of_lines",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(db_collation="C", help_text="The source's ID for the lead.", max_length=200),
                ),
                ("name", models.CharField(blank=True, max_length=200)),
                ("email", models.CharField(blank=True, max_length=254)),
                (
                    "person_key",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        help_text="The normalized email address or, without one, phone number: identifies the same person across sources.",
                        max_length=254,
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("firm", models.CharField(blank=True, max_length=200)),
                ("country", models.CharField(blank=True, max_length=80)),
                ("region", models.CharField(blank=True, max_length=80)),
                ("campaign", models.CharField(blank=True, max_length=200)),
                ("is_test", models.BooleanField(default=False, verbose_name="test")),
                (
                    "consent",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="What the person agreed to, when and in which words, according to the source.",
                    ),
                ),
                ("attributes", models.JSONField(blank=True, default=dict)),
                (
                    "occurred_at",
                    models.DateTimeField(
                        blank=True, help_text="When the person showed interest, according to the source.", null=True
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "delivery",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="leads",
                        to="leads.delivery",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.product",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "permissions": [("view_contacts", "Can see names, email addresses and phone numbers of leads")],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "external_id"), name="a_sources_lead_id_names_one_lead")
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("person_key", ""), _negated=True), fields=["person_key"], name="lead_person"
                    ),
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["received_at"], name="lead_received"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Action",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        help_text="The source's ID for the action, unique within the lead.", max_length=200
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("quantity", models.DecimalField(decimal_places=6, default=1, max_digits=18)),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Monetary value in the customer's currency, if any.",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("attributes", models.JSONField(blank=True, default=dict)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                ("void_reason", models.CharField(blank=True, max_length=200)),
                (
                    "voided_after_close",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="The action was voided after its period closed; its charge stands until the period is reopened.",
                    ),
                ),
                (
                    "action_type",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="actions",
                        to="leads.delivery",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("lead", "external_id"), name="a_leads_action_id_names_one_action"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 0)), name="a_quantity_is_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(("value", None), ("value__gte", 0), _connector="OR"),
                        name="a_value_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("voided_after_close", False), ("voided_at__isnull", False), _connector="OR"
                        ),
                        name="only_a_voided_action_is_voided_after_its_close",
                    ),
                ],
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(fields=["delivery"], name="action_delivery"),
                    models.Index(fields=["period", "occurred_at", "id", "action_type"], name="action_rating_order"),
                    models.Index(
                        condition=models.Q(("voided_at__isnull", False)), fields=["voided_at"], name="action_voided_at"
                    ),
                    models.Index(
                        condition=models.Q(("voided_after_close", True)),
                        fields=["period"],
                        name="action_voided_after_close",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True,
                        fields=["external_id"],
                        name="action_named",
                        opclasses=["text_bloom_ops"],
                        pages_per_range=32,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantinedItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("lead", "Lead"), ("action", "Action")], max_length=6)),
                (
                    "pointer",
                    models.CharField(
                        help_text="JSON pointer into the body of the delivery.", max_length=200, verbose_name="where"
                    ),
                ),
                ("code", models.CharField(db_index=True, max_length=40)),
                ("message", models.TextField()),
                (
                    "content",
                    models.JSONField(
                        help_text="The lead as received. For an action: its lead with only this action. For a file: the record."
                    ),
                ),
                (
                    "actions_held",
                    models.PositiveIntegerField(default=0, help_text="How many actions are held in this item."),
                ),
                (
                    "lead_external_id",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The source's ID for the lead.",
                        max_length=200,
                        verbose_name="lead",
                    ),
                ),
                (
                    "digest",
                    models.BinaryField(
                        help_text="SHA-256 of kind and content. An identical item is kept only once.", null=True
                    ),
                ),
                (
                    "times_sent",
                    models.PositiveIntegerField(
                        db_default=1, default=1, help_text="How often this exact item was sent."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("repaired", "Repaired"), ("discarded", "Discarded")],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "occurred_at",
                    models.DateTimeField(blank=True, help_text="The earliest readable time in the item.", null=True),
                ),
                (
                    "zone",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The customer's time zone, if known. Otherwise months are in UTC.",
                        max_length=64,
                    ),
                ),
                (
                    "months",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=7),
                        help_text="The months it occurred in, or else was received in. It counts toward these until it is settled.",
                        size=None,
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("settled_note", models.TextField(blank=True, verbose_name="note")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quarantined_items",
                        to="leads.delivery",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "stored_action",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The stored action this item conflicts with.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conflicts",
                        to="leads.action",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="quarantined_items", to="leads.source"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_settled_item_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("months__len__gt", 0)), name="a_quarantined_item_counts_to_a_month"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("source", "digest"),
                        name="the_same_refused_item_waits_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "discarded"), _negated=True),
                            models.Q(("settled_note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_discarded_item_says_why",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["received_at"], name="quarantine_waiting"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("state", "waiting")), fields=["months"], name="quarantine_by_month"
                    ),
                    models.Index(fields=["source", "lead_external_id"], name="quarantine_of_lead"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["source", "code", "id"],
                        include=("actions_held", "received_at"),
                        name="quarantine_groups",
                    ),
                    models.Index(
                        fields=["source", "received_at"], include=("code", "state", "id"), name="quarantine_of_source"
                    ),
                    models.Index(
                        condition=models.Q(("stored_action__isnull", False)),
                        fields=["stored_action"],
                        name="quarantine_of_an_action",
                    ),
                ],
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
                            ("refused_again", "Retried and refused again"),
                            ("repaired", "Retried and stored"),
                            ("took_new", "Replaced with the new version"),
                            ("discarded", "Discarded"),
                        ],
                        max_length=13,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "note",
                    models.TextField(blank=True, help_text="The reason given, or what was still wrong with the item."),
                ),
                (
                    "changed",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What the person or the new version changed: each member before and after.",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The delivery it was stored with.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.delivery",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="leads.quarantineditem"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("delivery__isnull", False)),
                        fields=["delivery"],
                        name="quarantine_step_delivery",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SigningSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, help_text="No longer valid from then on.", null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("sealed", models.BinaryField(help_text="The secret, encrypted with a key derived from SECRET_KEY.")),
                ("hint", models.CharField(help_text="The part that is shown in the admin.", max_length=12)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="signing_secrets", to="leads.source"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SourceRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(help_text="In the customer's time zone.")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("written_at", models.DateTimeField()),
                (
                    "in_force_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was put in force. Empty: it waits for approval, or was withdrawn.",
                        null=True,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("website", "Website"),
                            ("social_media", "Social media"),
                            ("email_campaign", "Email campaign"),
                            ("referral", "Referral"),
                            ("webinar", "Webinar"),
                            ("event", "Event"),
                            ("demo_request", "Demo request"),
                            ("trade_show", "Trade show"),
                            ("conference", "Conference"),
                            ("newsletter", "Newsletter"),
                            ("feedback", "Feedback"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="leads.source",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                        name="a_sourcerevision_in_force_is_not_withdrawn",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None)),
                        fields=("source",),
                        name="only_one_change_of_a_source_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "channel__in",
                                [
                                    "website",
                                    "social_media",
                                    "email_campaign",
                                    "referral",
                                    "webinar",
                                    "event",
                                    "demo_request",
                                    "trade_show",
                                    "conference",
                                    "newsletter",
                                    "feedback",
                                ],
                            )
                        ),
                        name="a_source_has_a_known_channel",
                    ),
                ],
                "indexes": [models.Index(fields=["source", "first_day", "id"], name="source_revision_by_day")],
            },
        ),
        migrations.CreateModel(
            name="UnratedMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unrated_marks",
                        to="leads.billingperiod",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EarlyAction",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="early",
                        serialize=False,
                        to="leads.action",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ActionTypeRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(help_text="In the customer's time zone.")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("written_at", models.DateTimeField()),
                (
                    "in_force_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was put in force. Empty: it waits for approval, or was withdrawn.",
                        null=True,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "unit",
                    models.CharField(
                        default="action",
                        help_text="What a quantity of it counts, such as sample, view or request.",
                        max_length=40,
                    ),
                ),
                (
                    "is_billable",
                    models.BooleanField(
                        default=True,
                        help_text="If not, actions of this type are excluded as not_billable.",
                        verbose_name="billable",
                    ),
                ),
                (
                    "largest_quantity",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal(1000000),
                        help_text="Actions with a larger quantity go to quarantine. Raise this limit to retry them.",
                        max_digits=18,
                    ),
                ),
                (
                    "largest_value",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal(1000000000),
                        help_text="Actions with a larger value, in the customer's currency, go to quarantine.",
                        max_digits=18,
                    ),
                ),
                (
                    "action_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                        name="a_actiontyperevision_in_force_is_not_withdrawn",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None)),
                        fields=("action_type",),
                        name="only_one_change_of_an_action_type_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("largest_quantity__gte", 0), ("largest_value__gte", 0)),
                        name="the_limits_of_an_action_type_are_not_negative",
                        violation_error_message="A limit can't be negative.",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["action_type", "first_day", "id"], name="action_type_revision_by_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, help_text="No longer valid from then on.", null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("prefix", models.CharField(help_text="The part that is shown.", max_length=12, unique=True)),
                ("digest", models.CharField(help_text="SHA-256 of the whole key.", max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=[("prices", "Prices of its own actions")], max_length=20),
                        blank=True,
                        default=list,
                        help_text="What requests with the key may see besides what happened to the source's own actions.",
                        size=None,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="leads.source"
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("scopes__contained_by", ["prices"])), name="an_api_key_has_known_scopes"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkRetry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "trying",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="The first thing of the batch that a worker processed last."
                    ),
                ),
                (
                    "one_by_one",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="How many things are processed one by one, because together they failed or their worker ended.",
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("started_at", models.DateTimeField()),
                ("total", models.PositiveIntegerField(help_text="How many items were waiting at the start.")),
                ("stored", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0, help_text="How many were refused again.")),
                ("reached", models.BigIntegerField(default=0, help_text="The last item that was tried.")),
                ("up_to", models.BigIntegerField(help_text="The last item that was waiting at the start.")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bulk_retries",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "bulk retries",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("source", "code"),
                        name="one_bulk_retry_of_a_source_and_code_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("stored"), "+", models.F("refused")
                                ),
                            )
                        ),
                        name="a_bulk_retry_tries_what_waited",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Company",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("^[A-Za-z0-9._-]+$")],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "number_prefix",
                    models.CharField(
                        help_text="What invoice numbers start with. {year} becomes the year of issue, and the count restarts each year. A change applies from the next invoice on and doesn't restart the count.",
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9./_-]*\\{year\\}([A-Za-z0-9./_-]*[A-Za-z./_-])?$",
                                "Use letters, digits, dots, dashes and slashes around {year}, without a digit at the end, such as INV-{year}-.",
                            )
                        ],
                    ),
                ),
                (
                    "number_digits",
                    models.PositiveSmallIntegerField(
                        default=6,
                        help_text="INV-2026-000001 has six. A change applies from the next invoice on.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "companies",
                "permissions": [("change_bank_details", "Can change how customers pay, and where they write to")],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("number_prefix"),
                        name="two_companies_never_share_a_number_prefix",
                        violation_error_message="Another company already uses this prefix.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number_prefix__contains", "{year}"),
                            models.Q(("number_prefix__regex", "[0-9]$"), _negated=True),
                        ),
                        name="a_number_prefix_names_the_year_and_ends_in_no_digit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(help_text="In the customer's time zone.")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("written_at", models.DateTimeField()),
                (
                    "in_force_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was put in force. Empty: it waits for approval, or was withdrawn.",
                        null=True,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="The terms that this revision sets. Empty: it carries an earlier change into later terms.",
                        size=None,
                    ),
                ),
                (
                    "payment_terms_days",
                    models.PositiveSmallIntegerField(
                        default=30, help_text="Days from the issue date to the due date.", verbose_name="payment terms"
                    ),
                ),
                (
                    "dispute_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="Days from the issue date in which an invoice may be disputed.",
                        verbose_name="dispute window",
                    ),
                ),
                (
                    "dispute_quota",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Percent of a month's charges that may be disputed; above it, a second person decides. Empty: no quota.",
                        max_digits=5,
                        null=True,
                        verbose_name="dispute quota",
                    ),
                ),
                (
                    "dispute_quota_sum",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="The same as an amount per month, before tax. With both, the lower one counts.",
                        max_digits=16,
                        null=True,
                        verbose_name="dispute quota as a sum",
                    ),
                ),
                (
                    "tax_exempt_reason",
                    models.CharField(
                        blank=True,
                        help_text="Printed on the invoice instead of any tax, such as: Reverse charge, Article 196 of 2006/112/EC.",
                        max_length=200,
                        verbose_name="exempt from tax because",
                    ),
                ),
                (
                    "taxes",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Name, rate in percent, product category.",
                        validators=[leads.models.terms.validate_taxes],
                    ),
                ),
                (
                    "monthly_minimum",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="The least the customer is charged per month. Prorated for weekly cycles and partial contract months.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "monthly_budget",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="What the customer plans to spend per month. Prorated for weekly cycles.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                ("hard_budget", models.BooleanField(default=False, help_text="Never charge more than the budget.")),
                (
                    "contract_from",
                    models.DateField(
                        blank=True,
                        help_text="First day, in the billing time zone.",
                        null=True,
                        verbose_name="contract from",
                    ),
                ),
                (
                    "contract_to",
                    models.DateField(
                        blank=True,
                        help_text="Last day, in the billing time zone.",
                        null=True,
                        verbose_name="contract to",
                    ),
                ),
                (
                    "excluded_domains",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=253,
                            validators=[
                                django.core.validators.RegexValidator(
                                    "^[a-z0-9-]+(\\.[a-z0-9-]+)+$", "A domain in lowercase, such as example.com."
                                )
                            ],
                        ),
                        blank=True,
                        default=list,
                        help_text="Email domains that are never charged: own staff, competitors, students. Separate with commas.",
                        size=None,
                    ),
                ),
                (
                    "locale",
                    models.CharField(
                        default="en_US",
                        help_text="How numbers and dates are written on the invoice.",
                        max_length=12,
                        validators=[leads.models.customer.customer.validate_locale],
                        verbose_name="number format",
                    ),
                ),
                (
                    "detail_annex",
                    models.BooleanField(default=True, help_text="End the PDF with a list of every charge."),
                ),
                (
                    "electronic_invoice",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Put the invoice's data into its PDF (EN 16931, Factur-X). Addresses must end with the country.",
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(blank=True, help_text="Printed on the invoice. Empty: the name.", max_length=200),
                ),
                ("address", models.TextField(blank=True)),
                ("tax_id", models.CharField(blank=True, max_length=40, verbose_name="tax ID")),
                (
                    "purchase_order",
                    models.CharField(
                        blank=True, help_text="Printed on every invoice.", max_length=60, verbose_name="PO number"
                    ),
                ),
                (
                    "billing_contacts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="Printed on the invoice. Separate with commas.",
                        size=None,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terms",
                        to="leads.customer",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The company that sends the invoices. Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "customer terms",
                "verbose_name_plural": "customer terms",
                "abstract": False,
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                        name="a_customerterms_in_force_is_not_withdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contract_to__gte", models.F("contract_from"))),
                        name="a_contract_does_not_end_before_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("monthly_minimum", None), ("monthly_minimum__gte", 0), _connector="OR"),
                            models.Q(("monthly_budget", None), ("monthly_budget__gte", 0), _connector="OR"),
                        ),
                        name="a_minimum_and_a_budget_are_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hard_budget", False), ("monthly_budget__isnull", False), _connector="OR"),
                        name="a_hard_budget_names_its_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hard_budget", False),
                            ("monthly_minimum", None),
                            ("monthly_budget__gte", models.F("monthly_minimum")),
                            _connector="OR",
                        ),
                        name="a_hard_budget_covers_the_minimum",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dispute_quota", None), ("dispute_quota__range", (0, 100)), _connector="OR"),
                            models.Q(("dispute_quota_sum", None), ("dispute_quota_sum__gte", 0), _connector="OR"),
                        ),
                        name="a_dispute_quota_is_a_percentage_or_a_sum",
                    ),
                    models.CheckConstraint(
                        condition=models.Func(
                            models.F("taxes"),
                            output_field=models.BooleanField(),
                            template="NOT jsonb_path_exists(%(expressions)s, '$[*] ? (!(@.rate.double() >= 0 && @.rate.double() < 100))')",
                        ),
                        name="a_tax_rate_is_a_percentage",
                    ),
                ],
                "indexes": [models.Index(fields=["customer", "first_day"], name="terms_of_a_customer_by_day")],
            },
        ),
        migrations.CreateModel(
            name="NumberPrefix",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prefix", models.CharField(max_length=30)),
                (
                    "seller",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="used_prefixes",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "number prefixes",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("prefix"),
                        name="a_used_number_prefix_is_one_sellers_however_written",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalThreshold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("adjusted_invoice", "Adjusted invoice"),
                            ("rule_activation", "Price rule"),
                            ("rule_retirement", "Retirement of a price rule"),
                            ("credit_note", "Credit note"),
                            ("write_off", "Write-off"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        blank=True, help_text="Empty: every currency without its own threshold.", max_length=3
                    ),
                ),
                (
                    "above",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Amounts above this need a second person. 0: always. Empty: never.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, help_text="In force since then.", null=True)),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approval_thresholds",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("above", None), ("above__gte", 0), _connector="OR"),
                        name="an_approval_threshold_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("above__gt", 0), _negated=True),
                            models.Q(("currency", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="an_amount_above_zero_has_a_currency",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CompanyDetails",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(help_text="In the customer's time zone.")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("written_at", models.DateTimeField()),
                (
                    "in_force_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was put in force. Empty: it waits for approval, or was withdrawn.",
                        null=True,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="The terms that this revision sets. Empty: it carries an earlier change into later terms.",
                        size=None,
                    ),
                ),
                ("address", models.TextField()),
                ("tax_id", models.CharField(blank=True, max_length=40, verbose_name="tax ID")),
                (
                    "email",
                    models.EmailField(
                        help_text="Where customers write to, including to dispute an invoice.", max_length=254
                    ),
                ),
                ("pay_to", models.TextField(help_text="Printed on every invoice.", verbose_name="how to pay")),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="details",
                        to="leads.company",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "company details",
                "verbose_name_plural": "company details",
                "abstract": False,
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                        name="a_companydetails_in_force_is_not_withdrawn",
                    )
                ],
                "indexes": [models.Index(fields=["company", "first_day"], name="details_of_a_company_by_day")],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.JSONField(help_text="Each changed member before and after.")),
                (
                    "action",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty if the lead itself was changed.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="leads.action",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="leads.lead"
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="leads.quarantinestep",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("step", "lead", "action"),
                        name="a_step_corrects_a_lead_or_action_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("changed", {}), _negated=True), name="a_correction_changes_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerPortal",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="portal",
                        serialize=False,
                        to="leads.customer",
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "id_key",
                    models.BinaryField(
                        default=leads.models.customer.membership.random_key,
                        help_text="Encrypts the numbers of rows in addresses.",
                    ),
                ),
                (
                    "second_factor_from",
                    models.DateField(
                        blank=True,
                        help_text="From this day on each of the customer's people needs a second factor.",
                        null=True,
                    ),
                ),
                (
                    "shows_contacts",
                    models.BooleanField(default=False, help_text="Whether email addresses of leads are shown in full."),
                ),
            ],
            options={
                "permissions": [("view_as_customer", "Can look at the portal as a customer sees it")],
            },
        ),
        # Intake: the two statements of a delivery.
        InstallSql("leads", "domain/intake/sql/lookup.sql", "f4a528d3c544"),
        InstallSql("leads", "domain/intake/sql/write.sql", "9fbd13f77083"),
        # What leads and actions name is there, without foreign keys.
        InstallSql("leads", "models/sql/leads_name_what_is_there.sql", "9f9da34e83ec"),
        InstallSql("leads", "models/sql/actions_name_what_is_there.sql", "1a0481a783d2"),
        InstallSql("leads", "models/sql/what_leads_and_actions_name_stays.sql", "2430b5c5cb8a"),
        # Deliveries and quarantine are kept.
        InstallSql("leads", "models/sql/what_was_received_never_changes.sql", "fa42ff1750e4"),
        InstallSql("leads", "models/sql/nothing_is_ever_deleted_from_quarantine.sql", "1d224e8d8230"),
        InstallSql("leads", "models/sql/what_was_done_about_an_item_never_changes.sql", "2acd57c5c477"),
        # Billing periods.
        InstallSql("leads", "models/sql/a_closed_period_gets_no_new_actions.sql", "9d07e3c4f319"),
        InstallSql("leads", "models/sql/actions_of_a_closed_period_never_change.sql", "cdde3499400c"),
        InstallSql("leads", "models/sql/no_billing_period_begins_before_the_customer_is_billed.sql", "e482c1434b8c"),
        InstallSql("leads", "models/sql/from_when_a_customer_is_billed_stays_once_it_has_a_period.sql", "771f0c12a297"),
        # Number prefixes.
        InstallSql("leads", "models/sql/a_used_number_prefix_stays_its_sellers.sql", "f6355b95e7bd"),
        InstallSql("leads", "models/sql/terms_in_force_never_change.sql", "e9d1dd13e0d0"),
        InstallSql("leads", "models/sql/a_billing_period_keeps_its_span.sql", "dd4aec4d76d2"),
        InstallSql("leads", "models/sql/a_void_stays_as_it_was_recorded.sql", "e1183e32241f"),
        InstallSql("leads", "models/sql/a_lead_with_billed_actions_never_changes.sql", "cf95ba3c6017"),
        InstallSql("leads", "models/sql/leads_and_actions_are_never_emptied.sql", "46e4fcd2980e"),
        InstallSql("leads", "models/sql/a_correction_never_changes.sql", "e936a4fe5773"),
        InstallSql("leads", "models/sql/facts_in_force_never_change.sql", "1012efa69e10"),
        InstallSql("leads", "domain/credentials/sql/key.sql", "2f41759fa5fc"),
        InstallSql("leads", "models/sql/a_customers_person_is_never_staff.sql", "66cd944f8da5"),
        InstallSql("leads", "models/sql/a_look_at_a_portal_stays_on_record.sql", "1021d1be0680"),
    ]
