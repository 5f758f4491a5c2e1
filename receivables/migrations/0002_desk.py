"""Statements keep the bank's own count, whose gaps are told; the list of exports to the books says what it counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the count, and name the rows."""

    dependencies = [("receivables", "0002_mailing")]

    operations = [
        migrations.AddField(
            model_name="bankstatement",
            name="sequence",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="The bank's own count of its statements, which has no gap.", null=True
            ),
        ),
        migrations.AlterModelOptions(
            name="bookexport",
            options={"verbose_name": "export to the books", "verbose_name_plural": "exports to the books"},
        ),
    ]
