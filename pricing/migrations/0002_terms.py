import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_terms"),
        ("pricing", "0002_deeds"),
    ]

    operations = [
        migrations.AlterField(
            model_name="periodterms",
            name="period",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="kept_terms",
                serialize=False,
                to="leads.billingperiod",
            ),
        ),
    ]
