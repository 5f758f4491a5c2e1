"""The months are listed under the name of their menu."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("invoices", "0013_numbers_found")]

    operations = [
        migrations.AlterModelOptions(name="billingcycle", options={"verbose_name_plural": "month close"}),
    ]
