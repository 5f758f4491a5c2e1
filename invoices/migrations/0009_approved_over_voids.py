"""A draft of which actions were taken back is approved all the same for a reason only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0008_wide_sums"), ("leads", "0015_voids_after_the_close")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="approved_over",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="How many actions had been taken back when it was approved all the same.",
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="approved_over_reason",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_over", 0), ("approved_over_reason", ""))
                | (models.Q(("approved_over__gt", 0)) & ~models.Q(("approved_over_reason", ""))),
                name="what_is_approved_over_voids_says_why",
            ),
        ),
    ]
