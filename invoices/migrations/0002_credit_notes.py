"""Number series of credit notes."""

from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0001_initial"),
        ("leads", "0002_credit_notes"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="numberseries",
            name="a_seller_has_one_number_series_a_year",
        ),
        migrations.AddField(
            model_name="numberseries",
            name="kind",
            field=models.CharField(
                choices=[("invoice", "Invoices"), ("credit_note", "Credit notes")],
                db_default="invoice",
                default="invoice",
                max_length=11,
            ),
        ),
        migrations.AddConstraint(
            model_name="numberseries",
            constraint=models.UniqueConstraint(
                fields=("seller", "year", "kind"), name="a_seller_has_one_number_series_a_year", nulls_distinct=False
            ),
        ),
        InstallSql("invoices", "models/sql/next_in_series.sql", "51179a78b65b"),
    ]
