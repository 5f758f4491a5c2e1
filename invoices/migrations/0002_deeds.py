from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("invoices", "0001_initial"),
    ]

    operations = [
        # The deed log says it all.
        migrations.DeleteModel(name="UndoneStep"),
        migrations.DeleteModel(name="Reopening"),
    ]
