"""Credit notes need a second person above a sum, and number prefixes of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_payments"),
    ]

    operations = [
        migrations.AlterField(
            model_name="approvalthreshold",
            name="kind",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="numberprefix",
            name="prefix",
            field=models.CharField(max_length=30),
        ),
    ]
