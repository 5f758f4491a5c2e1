from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="bulkretry",
            name="one_by_one",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="How many things are processed one by one, because together they failed or their worker ended.",
            ),
        ),
        migrations.AlterField(
            model_name="bulkretry",
            name="trying",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="The first thing of the batch that a worker processed last."
            ),
        ),
    ]
