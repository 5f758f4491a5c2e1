"""From which day on a customer is billed, and no billing period before it."""

from django.db import migrations, models

import leads.models.customer
from billing_engine.core.immutable import refuse

# Where a customer's first period begins, or on the first day of the month in which it was made.
KNOWN_SO_FAR = """
    UPDATE leads_customer customer SET billed_from = LEAST(
        date_trunc('month', customer.created_at AT TIME ZONE customer.time_zone)::date,
        (SELECT min(period.start_at AT TIME ZONE customer.time_zone)::date
           FROM leads_billingperiod period WHERE period.customer_id = customer.id));
    SET CONSTRAINTS ALL IMMEDIATE
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0019_found_by_name")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="billed_from",
            field=models.DateField(null=True),
        ),
        migrations.RunSQL(KNOWN_SO_FAR, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="customer",
            name="billed_from",
            field=models.DateField(
                default=leads.models.customer.first_of_this_month,
                help_text="First day, in the billing time zone: no billing period begins before it, and from it on none is left out.",
                verbose_name="billed from",
            ),
        ),
        refuse(
            name="no_billing_period_begins_before_the_customer_is_billed",
            table="leads_billingperiod",
            on="INSERT",
            # By the day and not by the instant: where clocks go back over midnight, one day has two midnights.
            when="(SELECT (NEW.start_at AT TIME ZONE customer.time_zone)::date < customer.billed_from"
            " FROM leads_customer customer WHERE customer.id = NEW.customer_id)",
            words="No billing period begins before the day from which its customer is billed.",
        ),
        refuse(
            name="from_when_a_customer_is_billed_stays_once_it_has_a_period",
            table="leads_customer",
            on="UPDATE",
            when="NEW.billed_from IS DISTINCT FROM OLD.billed_from"
            " AND EXISTS (SELECT FROM leads_billingperiod period WHERE period.customer_id = OLD.id)",
            words="The day from which a customer is billed stays once there is a billing period.",
        ),
    ]
