from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_roles"), ("pricing", "0002_terms")]

    operations = [
        InstallSql("pricing", "models/sql/a_rule_in_force_is_revised_never_edited.sql", "11b42152abf7"),
        InstallSql("pricing", "models/sql/a_rule_ends_by_revision_or_retirement.sql", "27128f596471"),
        InstallSql("pricing", "models/sql/prices_and_charges_are_never_emptied.sql", "f731f881161f"),
    ]
