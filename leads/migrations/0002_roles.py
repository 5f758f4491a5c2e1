from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("core", "0002_roles"), ("leads", "0002_terms")]

    operations = [
        migrations.AlterField(
            model_name="quarantinestep",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        InstallSql("leads", "models/sql/actions_of_a_closed_period_never_change.sql", "cdde3499400c"),
        InstallSql("leads", "models/sql/what_was_done_about_an_item_never_changes.sql", "2acd57c5c477"),
        InstallSql("leads", "models/sql/a_billing_period_keeps_its_span.sql", "dd4aec4d76d2"),
        InstallSql("leads", "models/sql/a_void_stays_as_it_was_recorded.sql", "e1183e32241f"),
        InstallSql("leads", "models/sql/a_lead_with_billed_actions_never_changes.sql", "cf95ba3c6017"),
        InstallSql("leads", "models/sql/leads_and_actions_are_never_emptied.sql", "b622eb06eee4"),
    ]
