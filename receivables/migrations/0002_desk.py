"""The list of exports to the books says what it counts."""

from django.db import migrations


class Migration(migrations.Migration):
    """Name the rows."""

    dependencies = [("receivables", "0002_mailing")]

    operations = [
        migrations.AlterModelOptions(
            name="bookexport",
            options={"verbose_name": "export to the books", "verbose_name_plural": "exports to the books"},
        ),
    ]
