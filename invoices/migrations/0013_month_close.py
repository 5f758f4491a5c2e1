"""The months are listed under the name of their menu."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("invoices", "0012_attempts_at_billing")]

    operations = [
        migrations.AlterModelOptions(name="billingcycle", options={"verbose_name_plural": "month close"}),
    ]
