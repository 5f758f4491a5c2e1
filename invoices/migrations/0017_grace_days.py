"""Grace days are at most a month."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0016_numbers_by_seller_and_year")]

    operations = [
        migrations.AlterField(
            model_name="billingschedule",
            name="grace_days",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Days after the end of a period in which late leads may still come in; at most 31.",
                validators=[django.core.validators.MaxValueValidator(31)],
            ),
        ),
        migrations.AlterField(
            model_name="billingschedule",
            name="is_active",
            field=models.BooleanField(
                default=False,
                help_text="A run bills each period that is over where its customer is, after its grace days.",
                verbose_name="starts by itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("grace_days__lte", 31)), name="grace_days_are_at_most_a_month"
            ),
        ),
    ]
