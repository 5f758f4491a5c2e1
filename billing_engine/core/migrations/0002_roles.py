from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("core", "0002_approvals"), ("core", "0002_deeds")]

    operations = [
        InstallSql("core", "models/sql/a_kept_table_is_never_emptied.sql", "a4ac8bed20a5"),
        InstallSql("core", "models/sql/a_deed_gets_its_place_when_it_is_sealed.sql", "caba1f7c4d57"),
    ]
