from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="bulkretry",
            name="attempts",
            field=models.PositiveSmallIntegerField(
                default=0, db_default=0, help_text="Number of attempts, counted before the work."
            ),
        ),
        migrations.AlterField(
            model_name="bulkretry",
            name="trying",
            field=models.BigIntegerField(default=0, db_default=0, help_text="The thing that a worker processed last."),
        ),
    ]
