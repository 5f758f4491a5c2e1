"""Late activity is known by the first day of the week or month in which it occurred."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0014_month_close"),
        ("leads", "0020_billed_from"),
    ]

    operations = [
        migrations.AlterField(
            model_name="invoiceline",
            name="late_from",
            field=models.CharField(
                blank=True,
                help_text="Of late activity: the first day of the week or month in which it occurred.",
                max_length=10,
            ),
        ),
    ]
