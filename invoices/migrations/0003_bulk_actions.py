from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

ATTEMPTS = {"default": 0, "db_default": 0, "help_text": "Number of attempts, counted before the work."}
NEXT_ATTEMPT = "When it is due. While a worker has it, when its lease ends."


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("invoices", "0002_undone_steps"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="billingcycle", name="an_errand_is_somebodys"),
        migrations.RenameField(model_name="billingcycle", old_name="errand", new_name="bulk_action"),
        migrations.RenameField(model_name="billingcycle", old_name="errand_of", new_name="bulk_action_by"),
        migrations.AddField(
            model_name="billingcycle", name="attempts", field=models.PositiveSmallIntegerField(**ATTEMPTS)
        ),
        migrations.AddField(
            model_name="billingcycle",
            name="trying",
            field=models.BigIntegerField(default=0, db_default=0, help_text="The thing that a worker processed last."),
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.CheckConstraint(
                name="a_bulk_action_names_who_started_it",
                condition=Q(bulk_action="") | Q(bulk_action_by__isnull=False),
            ),
        ),
        migrations.AlterField(
            model_name="invoicedocument", name="attempts", field=models.PositiveSmallIntegerField(**ATTEMPTS)
        ),
        migrations.AlterField(
            model_name="invoicedocument",
            name="next_attempt_at",
            field=models.DateTimeField(null=True, blank=True, help_text=NEXT_ATTEMPT),
        ),
        migrations.AlterField(
            model_name="invoicemail", name="attempts", field=models.PositiveSmallIntegerField(**ATTEMPTS)
        ),
        migrations.AlterField(
            model_name="invoicemail",
            name="next_attempt_at",
            field=models.DateTimeField(null=True, blank=True, help_text=NEXT_ATTEMPT),
        ),
    ]
