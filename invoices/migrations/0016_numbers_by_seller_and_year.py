"""A number series is a seller's and a year's; an invoice keeps its place in it, and nothing reads it out of its number."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0015_late_activity_by_its_first_day"),
        ("leads", "0021_number_prefixes"),
    ]

    operations = [
        migrations.DeleteModel(name="NumberSeries"),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "year",
                    models.PositiveSmallIntegerField(help_text="Of the day of issue, where the customer is."),
                ),
                ("last", models.PositiveIntegerField(default=0)),
                (
                    "seller",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Empty: the seller of the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "number series",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller", "year"),
                        name="a_seller_has_one_number_series_a_year",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="invoice",
            name="series",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invoices",
                to="invoices.numberseries",
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="serial",
            field=models.PositiveIntegerField(
                blank=True, help_text="Which of its series; the number is its words.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("series", "serial"), name="a_series_gives_each_number_once"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", None), ("serial", None), ("series", None)),
                    models.Q(("number__isnull", False), ("serial__gte", 1), ("series__isnull", False)),
                    _connector="OR",
                ),
                name="a_number_has_its_place_in_a_series",
            ),
        ),
    ]
