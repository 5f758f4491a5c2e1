from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="billingcycle",
            name="one_by_one",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="How many things are processed one by one, because together they failed or their worker ended.",
            ),
        ),
        migrations.AlterField(
            model_name="billingcycle",
            name="trying",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="The first thing of the batch that a worker processed last."
            ),
        ),
        InstallSql("invoices", "models/sql/next_in_series.sql", "5065bf15ef6d"),
    ]
