from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("pricing", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BookStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rules", "Price rules and their tiers"),
                            ("catalog", "Facts of products, sources and action types"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "stamp",
                    models.UUIDField(
                        help_text="Never used twice, so what is rolled back is never taken for what is committed."
                    ),
                ),
            ],
        ),
        InstallSql("pricing", "models/sql/a_change_to_the_book_is_stamped.sql", "29cdafcf5dc3"),
    ]
