"""Our companies, taxes of several rates in the place of one rate, and how numbers read."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import leads.models.customer


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_cycles"),
    ]

    operations = [
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
                ("address", models.TextField()),
                ("tax_id", models.CharField(blank=True, max_length=40, verbose_name="tax ID")),
                (
                    "email",
                    models.EmailField(
                        help_text="Whom customers write to, and where they dispute an invoice.", max_length=254
                    ),
                ),
                ("pay_to", models.TextField(help_text="As it stands on every invoice.", verbose_name="how to pay")),
                (
                    "number_prefix",
                    models.CharField(
                        help_text="What invoice numbers begin with: {year} becomes the year of issue. Numbers begin again each year.",
                        max_length=20,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9./_-]*\\{year\\}([A-Za-z0-9./_-]*[A-Za-z./_-])?$",
                                "Letters, digits, dots, dashes and slashes around {year}, and no digit at the end, such as INV-{year}-.",
                            )
                        ],
                    ),
                ),
                (
                    "number_digits",
                    models.PositiveSmallIntegerField(
                        default=6,
                        help_text="INV-2026-000001 has six.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "companies",
            },
        ),
        migrations.CreateModel(
            name="CustomerTax",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        default="Tax", help_text="As it stands on the invoice: VAT, Sales tax.", max_length=40
                    ),
                ),
                ("rate", models.DecimalField(decimal_places=4, help_text="Percent.", max_digits=7)),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        help_text="Only on lines of products of this category; empty: on every line, adjustments and minimum too.",
                        max_length=80,
                        verbose_name="product category",
                    ),
                ),
            ],
            options={
                "verbose_name": "tax",
                "verbose_name_plural": "taxes",
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="detail_annex",
            field=models.BooleanField(
                db_default=True, default=True, help_text="The PDF ends with a list of every charge."
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="dispute_days",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                help_text="Days from issue in which an invoice may be disputed.",
                verbose_name="dispute window",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="locale",
            field=models.CharField(
                db_default="en_US",
                default="en_US",
                help_text="How numbers and dates read on the invoice.",
                max_length=12,
                validators=[leads.models.customer.known_locale],
                verbose_name="number format",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="tax_exempt_reason",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Stands on the invoice in the place of any tax, such as: Reverse charge, Article 196 of 2006/112/EC.",
                max_length=200,
                verbose_name="exempt from tax because",
            ),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("number_prefix__contains", "{year}"), models.Q(("number_prefix__regex", "[0-9]$"), _negated=True)
                ),
                name="a_number_prefix_names_the_year_and_ends_in_no_digit",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="seller",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Which of our companies sends the invoices; empty: the one of the settings.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="customers",
                to="leads.company",
            ),
        ),
        migrations.AddField(
            model_name="customertax",
            name="customer",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="taxes", to="leads.customer"
            ),
        ),
        # The foreign key is checked at once: a table with checks waiting cannot lose a column.
        migrations.RunSQL(
            "INSERT INTO leads_customertax (customer_id, name, rate, category)"
            " SELECT id, 'Tax', tax_rate, '' FROM leads_customer WHERE tax_rate > 0; SET CONSTRAINTS ALL IMMEDIATE",
            "UPDATE leads_customer SET tax_rate = rate FROM leads_customertax tax"
            " WHERE tax.customer_id = leads_customer.id AND tax.category = ''; SET CONSTRAINTS ALL IMMEDIATE",
        ),
        migrations.RemoveConstraint(
            model_name="customer",
            name="a_tax_rate_is_a_percentage",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="tax_rate",
        ),
        migrations.AddConstraint(
            model_name="customertax",
            constraint=models.UniqueConstraint(
                fields=("customer", "name", "category"), name="a_customer_has_one_tax_of_a_name_and_category"
            ),
        ),
        migrations.AddConstraint(
            model_name="customertax",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gte", 0), ("rate__lt", 100)), name="a_tax_rate_is_a_percentage"
            ),
        ),
    ]
