from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="billingcycle",
            name="bulk_then_send",
            field=models.BooleanField(
                db_default=False, default=False, help_text="For issuing: whether sending starts when it is done."
            ),
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.CheckConstraint(
                condition=models.Q(("bulk_then_send", False), ("bulk_action", "issue"), _connector="OR"),
                name="only_issuing_goes_on_to_send",
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["state", "currency"], include=("total",), name="invoice_sums"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="state",
            field=models.CharField(
                choices=[("draft", "Draft"), ("approved", "Approved"), ("issued", "Issued"), ("void", "Void")],
                default="draft",
                max_length=8,
            ),
        ),
    ]
