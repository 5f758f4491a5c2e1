from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q
from django.db.models.functions import Now

UNSETTLED = Q(state__in=["waiting", "running"])


def say_when(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001 -- Django passes both
    """Waiting customers are due now; settled ones are not due."""
    customers = apps.get_model("pricing", "SimulatedCustomer").objects
    customers.filter(UNSETTLED).update(next_attempt_at=Now())
    customers.exclude(UNSETTLED).update(next_attempt_at=None)


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [
        migrations.RenameField(model_name="simulatedcustomer", old_name="claimed_at", new_name="next_attempt_at"),
        migrations.AlterField(
            model_name="simulatedcustomer",
            name="next_attempt_at",
            field=models.DateTimeField(
                null=True, blank=True, help_text="When it is due. While a worker has it, when its lease ends."
            ),
        ),
        migrations.RunPython(say_when, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="simulatedcustomer",
            constraint=models.CheckConstraint(
                name="a_simulated_customer_that_waits_says_until_when",
                condition=Q(state__in=["waiting", "running"], next_attempt_at__isnull=False)
                | ~Q(state__in=["waiting", "running"]) & Q(next_attempt_at=None),
            ),
        ),
        migrations.RemoveIndex(model_name="simulatedcustomer", name="simulation_unsettled"),
        migrations.AddIndex(
            model_name="simulatedcustomer",
            index=models.Index(name="simulation_unsettled", fields=["next_attempt_at"], condition=UNSETTLED),
        ),
    ]
