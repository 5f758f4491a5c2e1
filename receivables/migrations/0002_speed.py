import django.db.models.deletion
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql

# The ledger's own trigger refuses every update.
REPEAT = """
    ALTER TABLE receivables_allocation DISABLE TRIGGER USER;
    UPDATE receivables_allocation
       SET customer_id = debit.customer_id, seller_id = debit.seller_id, currency = debit.currency,
           due_on = COALESCE(debit.due_on, debit.posted_on)
      FROM receivables_ledgerdocument debit WHERE debit.id = receivables_allocation.debit_id;
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE receivables_allocation ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    """Allocations repeat whose their items are, and when the debit item is due."""

    dependencies = [("leads", "0001_initial"), ("receivables", "0002_online")]

    operations = [
        migrations.AddField(
            "allocation",
            "customer",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.customer",
            ),
        ),
        migrations.AddField(
            "allocation",
            "seller",
            models.ForeignKey(
                blank=True,
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.company",
            ),
        ),
        migrations.AddField("allocation", "currency", models.CharField(max_length=3, null=True)),
        migrations.AddField(
            "allocation",
            "due_on",
            models.DateField(null=True, help_text="The due day of the debit item; without one, its day in the books."),
        ),
        migrations.RunSQL(REPEAT),
        migrations.AlterField(
            "allocation",
            "customer",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="leads.customer"
            ),
        ),
        migrations.AlterField("allocation", "currency", models.CharField(max_length=3)),
        migrations.AlterField(
            "allocation",
            "due_on",
            models.DateField(help_text="The due day of the debit item; without one, its day in the books."),
        ),
        migrations.AddIndex("allocation", models.Index(fields=["customer"], name="allocation_of_customer")),
        InstallSql("receivables", "models/sql/allocations_never_exceed_their_items.sql", "ccc8ff77f2c1"),
    ]
