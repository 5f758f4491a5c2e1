"""Intake: the lookup of an API key becomes a function, which each connection plans once."""

from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        InstallSql("leads", "domain/credentials/sql/key.sql", "2f41759fa5fc"),
    ]
