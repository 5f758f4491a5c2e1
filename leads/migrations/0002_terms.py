import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import leads.models.customer
import leads.models.terms
from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
            options={
                "verbose_name": "company details",
                "verbose_name_plural": "company details",
                "abstract": False,
                "default_permissions": ("view",),
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
                        validators=[leads.models.customer.validate_locale],
                        verbose_name="number format",
                    ),
                ),
                (
                    "detail_annex",
                    models.BooleanField(default=True, help_text="End the PDF with a list of every charge."),
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
            ],
            options={
                "verbose_name": "customer terms",
                "verbose_name_plural": "customer terms",
                "abstract": False,
                "default_permissions": ("view",),
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
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.RemoveField(
            model_name="customertax",
            name="customer",
        ),
        migrations.RemoveConstraint(
            model_name="customer",
            name="a_contract_does_not_end_before_it_begins",
        ),
        migrations.RemoveConstraint(
            model_name="customer",
            name="a_minimum_and_a_budget_are_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="customer",
            name="a_hard_budget_names_its_amount",
        ),
        migrations.RemoveConstraint(
            model_name="customer",
            name="a_hard_budget_covers_the_minimum",
        ),
        migrations.RemoveField(
            model_name="company",
            name="address",
        ),
        migrations.RemoveField(
            model_name="company",
            name="email",
        ),
        migrations.RemoveField(
            model_name="company",
            name="pay_to",
        ),
        migrations.RemoveField(
            model_name="company",
            name="tax_id",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="address",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="billing_contacts",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="contract_from",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="contract_to",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="detail_annex",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="dispute_days",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="excluded_domains",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="hard_budget",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="legal_name",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="locale",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="monthly_budget",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="monthly_minimum",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="payment_terms_days",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="purchase_order",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="seller",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="tax_exempt_reason",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="tax_id",
        ),
        migrations.AddField(
            model_name="companydetails",
            name="company",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="details", to="leads.company"
            ),
        ),
        migrations.AddField(
            model_name="companydetails",
            name="written_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customerterms",
            name="customer",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="terms", to="leads.customer"
            ),
        ),
        migrations.AddField(
            model_name="customerterms",
            name="seller",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The company that sends the invoices. Empty: the seller in the settings.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.company",
            ),
        ),
        migrations.AddField(
            model_name="customerterms",
            name="written_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="leads.customer"
            ),
        ),
        migrations.DeleteModel(
            name="CustomerTax",
        ),
        migrations.AddIndex(
            model_name="companydetails",
            index=models.Index(fields=["company", "first_day"], name="details_of_a_company_by_day"),
        ),
        migrations.AddConstraint(
            model_name="companydetails",
            constraint=models.CheckConstraint(
                condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                name="a_companydetails_in_force_is_not_withdrawn",
            ),
        ),
        migrations.AddIndex(
            model_name="customerterms",
            index=models.Index(fields=["customer", "first_day"], name="terms_of_a_customer_by_day"),
        ),
        migrations.AddConstraint(
            model_name="customerterms",
            constraint=models.CheckConstraint(
                condition=models.Q(("in_force_at", None), ("withdrawn_at", None), _connector="OR"),
                name="a_customerterms_in_force_is_not_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerterms",
            constraint=models.CheckConstraint(
                condition=models.Q(("contract_to__gte", models.F("contract_from"))),
                name="a_contract_does_not_end_before_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("monthly_minimum", None), ("monthly_minimum__gte", 0), _connector="OR"),
                    models.Q(("monthly_budget", None), ("monthly_budget__gte", 0), _connector="OR"),
                ),
                name="a_minimum_and_a_budget_are_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerterms",
            constraint=models.CheckConstraint(
                condition=models.Q(("hard_budget", False), ("monthly_budget__isnull", False), _connector="OR"),
                name="a_hard_budget_names_its_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hard_budget", False),
                    ("monthly_minimum", None),
                    ("monthly_budget__gte", models.F("monthly_minimum")),
                    _connector="OR",
                ),
                name="a_hard_budget_covers_the_minimum",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerterms",
            constraint=models.CheckConstraint(
                condition=models.Func(
                    models.F("taxes"),
                    output_field=models.BooleanField(),
                    template="NOT jsonb_path_exists(%(expressions)s, '$[*] ? (!(@.rate.double() >= 0 && @.rate.double() < 100))')",
                ),
                name="a_tax_rate_is_a_percentage",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("settled_at", None)), fields=["next_attempt_at"], name="notice_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(condition=models.Q(("to__len__gt", 0)), name="a_notice_has_a_recipient"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_attempt_at__isnull", False), ("settled_at", None)),
                    models.Q(("next_attempt_at", None), ("settled_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_notice_waits_or_is_settled",
            ),
        ),
        InstallSql("leads", "models/sql/terms_in_force_never_change.sql", "e9d1dd13e0d0"),
    ]
