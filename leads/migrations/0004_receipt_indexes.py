"""The indexes of the same, made while deliveries go on coming in."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

OUTCOMES = ("created", "updated", "duplicate", "conflict", "quarantined", "test")


def unique(name: str, model: str, fields: tuple[str, str], where: Q, sql: str) -> migrations.SeparateDatabaseAndState:
    """The constraint as Django knows it; in the database an index that locks nobody out while it is made."""
    return migrations.SeparateDatabaseAndState(
        state_operations=[
            migrations.AddConstraint(model, models.UniqueConstraint(fields=fields, condition=where, name=name))
        ],
        database_operations=[
            migrations.RunSQL(f"CREATE UNIQUE INDEX CONCURRENTLY {name} {sql}", f"DROP INDEX CONCURRENTLY {name}")
        ],
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("leads", "0003_receipts")]

    operations = [
        RemoveIndexConcurrently(model_name="delivery", name="delivery_received_at"),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                fields=["received_at"],
                include=[f"{kind}_{name}" for kind in ("leads", "actions") for name in ("received", *OUTCOMES)],
                name="delivery_received_at",
            ),
        ),
        AddIndexConcurrently(
            model_name="quarantineditem",
            index=models.Index(fields=["source", "lead_external_id"], name="quarantine_of_lead"),
        ),
        unique(
            "an_idempotency_key_names_one_delivery",
            "delivery",
            ("source", "idempotency_key"),
            ~Q(idempotency_key=""),
            "ON leads_delivery (source_id, idempotency_key) WHERE NOT (idempotency_key = '')",
        ),
        unique(
            "the_same_refused_item_waits_once",
            "quarantineditem",
            ("source", "digest"),
            Q(state="waiting"),
            "ON leads_quarantineditem (source_id, digest) WHERE state = 'waiting'",
        ),
    ]
