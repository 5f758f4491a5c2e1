from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_roles"), ("pricing", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="rulechange",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="rulechange",
            name="rule",
            field=models.ForeignKey(
                on_delete=models.deletion.DO_NOTHING, related_name="changes", to="pricing.pricerule"
            ),
        ),
        InstallSql("pricing", "models/sql/a_rule_in_force_is_revised_never_edited.sql", "11b42152abf7"),
        InstallSql("pricing", "models/sql/a_rule_ends_by_revision_or_retirement.sql", "97cecf0bc1bf"),
        InstallSql("pricing", "models/sql/the_history_of_a_rule_never_changes.sql", "537db00d9029"),
        InstallSql("pricing", "models/sql/prices_and_charges_are_never_emptied.sql", "1272b1320ee9"),
    ]
