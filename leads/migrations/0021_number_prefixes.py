"""A number prefix is one seller's, however written, and stays so once invoices were issued under it."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from billing_engine.core.immutable import refuse


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_billed_from")]

    operations = [
        migrations.CreateModel(
            name="NumberPrefix",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prefix", models.CharField(max_length=20)),
            ],
            options={"verbose_name_plural": "number prefixes"},
        ),
        migrations.AlterField(
            model_name="company",
            name="number_digits",
            field=models.PositiveSmallIntegerField(
                default=6,
                help_text="INV-2026-000001 has six. A change takes effect with the next invoice.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(9),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="company",
            name="number_prefix",
            field=models.CharField(
                help_text="What invoice numbers begin with: {year} becomes the year of issue. Numbers begin again each year. A change takes effect with the next invoice, and the year's count goes on.",
                max_length=20,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Za-z0-9./_-]*\\{year\\}([A-Za-z0-9./_-]*[A-Za-z./_-])?$",
                        "Letters, digits, dots, dashes and slashes around {year}, and no digit at the end, such as INV-{year}-.",
                    )
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("number_prefix"),
                name="two_companies_never_share_a_number_prefix",
                violation_error_message="Another company has this prefix.",
            ),
        ),
        migrations.AddField(
            model_name="numberprefix",
            name="seller",
            field=models.ForeignKey(
                db_index=False,
                help_text="Empty: the seller of the settings.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="used_prefixes",
                to="leads.company",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberprefix",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("prefix"),
                name="a_used_number_prefix_is_one_sellers_however_written",
            ),
        ),
        refuse(
            name="a_used_number_prefix_stays_its_sellers",
            table="leads_numberprefix",
            when="TRUE",
            words="Invoices were issued under this prefix: it stays its seller's.",
        ),
    ]
