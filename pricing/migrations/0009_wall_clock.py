"""A rule begins and ends at a wall-clock time: each customer's own time zone makes an instant of it."""

from importlib import import_module

import django.contrib.postgres.constraints
import django.db.models.functions.comparison
from django.db import migrations, models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

import pricing.models.wall_clock
from billing_engine.core.immutable import refuse

earlier = import_module("pricing.migrations.0002_closed_charges")
NAME = "a_rule_in_force_is_revised_never_edited"
FORGET = f"DROP TRIGGER {NAME} ON pricing_pricerule; DROP FUNCTION {NAME}();"
TERMS = tuple({"effective_from": "wall_from"}.get(term, term) for term in earlier.TERMS)


def terms(row: str) -> str:
    return "ROW(" + ", ".join(f"{row}.{term}" for term in TERMS) + ")"


def one(expression: F | Coalesce, range_type: str) -> Func:
    return Func(expression, expression, Value("[]"), function=range_type)


class Migration(migrations.Migration):
    dependencies = [("pricing", "0008_wide_sums")]

    operations = [
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        migrations.RemoveConstraint("pricerule", "active_rules_of_one_scope_never_overlap"),
        migrations.RemoveConstraint("pricerule", "a_rule_does_not_end_before_it_begins"),
        migrations.RemoveIndex("pricerule", "price_rule_state"),
        migrations.RenameField("pricerule", "effective_from", "wall_from"),
        migrations.RenameField("pricerule", "effective_to", "wall_to"),
        migrations.AlterField(
            "pricerule",
            "wall_from",
            pricing.models.wall_clock.WallClockField(
                help_text="The first day, or time, in each customer's own time zone.", verbose_name="from"
            ),
        ),
        migrations.AlterField(
            "pricerule",
            "wall_to",
            pricing.models.wall_clock.WallClockField(
                blank=True,
                help_text="The first day, or time, that it no longer prices. Empty: no end.",
                null=True,
                verbose_name="until",
            ),
        ),
        migrations.AddIndex("pricerule", models.Index(fields=["state", "wall_from"], name="price_rule_state")),
        migrations.AddConstraint(
            "pricerule",
            django.contrib.postgres.constraints.ExclusionConstraint(
                name="active_rules_of_one_scope_never_overlap",
                condition=~Q(state="draft"),
                expressions=[
                    (one(Coalesce(F("customer_id"), Value(0)), "int8range"), "&&"),
                    (one(Coalesce(F("product_id"), Value(0)), "int8range"), "&&"),
                    (one(F("category"), "textrange"), "&&"),
                    (one(Coalesce(F("source_id"), Value(0)), "int8range"), "&&"),
                    (one(F("channel"), "textrange"), "&&"),
                    (one(Coalesce(F("action_type_id"), Value(0)), "int8range"), "&&"),
                    (one(F("currency"), "textrange"), "&&"),
                    (one(F("priority"), "int4range"), "&&"),
                    (Func(F("wall_from"), F("wall_to"), function="tsrange"), "&&"),
                ],
                violation_error_message="Another active rule already covers this scope, priority and time.",
            ),
        ),
        migrations.AddConstraint(
            "pricerule",
            models.CheckConstraint(
                condition=Q(wall_to__gte=F("wall_from")), name="a_rule_does_not_end_before_it_begins"
            ),
        ),
        refuse(
            name=NAME,
            table="pricing_pricerule",
            when=f"OLD.state <> 'draft' AND {terms('NEW')} IS DISTINCT FROM {terms('OLD')}",
            words="A price rule in force is never edited: revise it.",
        ),
        migrations.AlterField(
            "periodterms",
            "rules",
            models.JSONField(
                help_text="Each price rule in force, by id, with the instants it began and ended (or none)."
            ),
        ),
    ]
