"""Credit notes need a second person above a sum, and number prefixes of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
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
