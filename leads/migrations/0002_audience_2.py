import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_bounds"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=[("prices", "Prices of its own actions")], max_length=20),
                blank=True,
                default=list,
                help_text="What requests with the key may see besides what happened to the source's own actions.",
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("scopes__contained_by", ["prices"])), name="an_api_key_has_known_scopes"
            ),
        ),
    ]
