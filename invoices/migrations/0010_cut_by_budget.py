"""What a hard budget kept from a line."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0009_approved_over_voids")]

    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="cut_by_budget",
            field=models.DecimalField(
                db_default=0,
                decimal_places=6,
                default=0,
                help_text="What a hard monthly budget kept from being charged.",
                max_digits=40,
            ),
        ),
    ]
