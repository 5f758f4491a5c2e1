"""Find what was voided since an instant without reading the other actions."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.AddIndex(
            "action",
            models.Index(name="action_voided_at", fields=["voided_at"], condition=Q(voided_at__isnull=False)),
        )
    ]
