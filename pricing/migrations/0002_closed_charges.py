"""PostgreSQL refuses what would change the charges of a closed period, or a rule that is in force."""

from django.db import migrations

from billing_engine.core.immutable import refuse, refuse_statement

CLOSED = "EXISTS (SELECT FROM touched JOIN leads_billingperiod p ON p.id = period_id WHERE p.state = 'closed')"
WORDS = "This billing period is closed: its charges never change."
UNKNOWN = (
    "EXISTS (SELECT FROM (SELECT DISTINCT period_id, rule_id FROM touched) named"
    " LEFT JOIN leads_billingperiod period ON period.id = period_id LEFT JOIN pricing_pricerule rule ON rule.id = rule_id"
    " WHERE period.id IS NULL OR (rule_id IS NOT NULL AND COALESCE(rule.state, 'draft') = 'draft'))"
)
TERMS = (
    "customer_id",
    "product_id",
    "category",
    "source_id",
    "channel",
    "action_type_id",
    "priority",
    "currency",
    "effective_from",
    "price_model",
    "unit_price",
    "free_units",
    "package_size",
    "package_price",
    "percent",
    "fixed_fee",
    "minimum",
    "maximum",
    "free_actions",
    "free_value",
    "once_per",
    "once_days",
    "highest_only",
    "cap_per_lead",
    "cap_per_period",
    "first_revision_id",
)


def terms(row: str) -> str:
    return "ROW(" + ", ".join(f"{row}.{term}" for term in TERMS) + ")"


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial"), ("leads", "0002_closed_periods")]

    operations = [
        refuse_statement(
            name="a_closed_period_gets_no_new_charges", table="pricing_charge", event="INSERT", when=CLOSED, words=WORDS
        ),
        refuse_statement(
            name="charges_of_a_closed_period_are_never_deleted",
            table="pricing_charge",
            event="DELETE",
            when=CLOSED,
            words=WORDS,
            rows="OLD",
        ),
        refuse_statement(
            name="charges_name_a_period_and_a_rule_in_force",
            table="pricing_charge",
            event="INSERT",
            when=UNKNOWN,
            words="A charge names a billing period, and a price rule that is or was in force.",
        ),
        # What charges point at stays: they have no foreign key to it.
        refuse(
            name="an_action_is_voided_never_deleted",
            table="leads_action",
            on="DELETE",
            when="TRUE",
            words="An action is never deleted: void it.",
        ),
        refuse(
            name="a_period_closes_only_with_nothing_unrated",
            table="leads_billingperiod",
            on="UPDATE",
            when="NEW.state = 'closed' AND OLD.state <> 'closed'"
            " AND EXISTS (SELECT FROM pricing_unratedaction WHERE period_id = NEW.id)",
            words="This billing period has unrated actions: it cannot be closed.",
        ),
        refuse(
            name="a_charge_is_never_edited",
            table="pricing_charge",
            on="UPDATE",
            when="TRUE",
            words="A charge is never edited: its period is rated anew.",
        ),
        refuse(
            name="a_rule_in_force_is_revised_never_edited",
            table="pricing_pricerule",
            when=f"OLD.state <> 'draft' AND {terms('NEW')} IS DISTINCT FROM {terms('OLD')}",
            words="A price rule in force is never edited: revise it.",
        ),
        refuse(
            name="tiers_of_a_rule_in_force_never_change",
            table="pricing_pricetier",
            on="INSERT OR UPDATE OR DELETE",
            when="EXISTS (SELECT FROM pricing_pricerule rule"
            " WHERE rule.id IN (OLD.rule_id, NEW.rule_id) AND rule.state <> 'draft')",
            words="A price rule in force is never edited: revise it.",
        ),
    ]
