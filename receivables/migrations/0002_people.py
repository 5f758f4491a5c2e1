from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("receivables", "0002_mails"), ("leads", "0002_people")]

    operations = [
        InstallSql("receivables", "models/sql/disputes_move_only_forward.sql", "29c0b348108c"),
    ]
