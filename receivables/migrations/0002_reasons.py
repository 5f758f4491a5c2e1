"""The reasons for disputes and credit notes, with the usual terms of each."""

from typing import Any

from django.db import migrations, models

REASONS = [
    # code, name, explanation, evidence, source answers, customers may give it
    ("duplicate", "Duplicate", "We charged the same person before.", "The earlier lead, or its date.", True, True),
    ("invalid_contact", "Invalid contact", "The email address or phone number does not work.", "A bounce message, or the dates of your calls.", True, True),
    ("spam_or_bot", "Spam or bot", "The lead was not made by a person.", "What shows it.", True, True),
    ("test", "Test", "The lead was a test.", "", True, True),
    ("out_of_area", "Out of area", "The lead is outside the area you agreed on.", "The lead's place.", True, True),
    ("wrong_product", "Wrong product", "The person asked for another product.", "What the person asked for.", True, True),
    ("not_a_decision_maker", "Not a decision maker", "The person can't decide about a purchase.", "The person's role.", True, True),
    ("denies_request", "Denies request", "The person says that they did not ask.", "When and how you reached the person.", True, True),
    ("existing_customer", "Existing customer", "The person was your customer before the lead.", "Since when.", False, True),
    ("not_delivered", "Not delivered", "You did not receive the lead.", "", False, True),
    ("price_wrong", "Wrong price", "The price is not the one you agreed on.", "The price that you expected, and where it was agreed.", False, True),
    ("no_consent", "No consent", "There is no proof of the person's consent.", "", True, True),
    ("goodwill", "Goodwill", "A concession that nobody is to blame for.", "", False, False),
    ("voided_action", "Voided action", "The action was voided after it was billed.", "", True, False),
]  # fmt: skip


def write_the_reasons(apps: Any, _: Any) -> None:
    """Write the reasons that every company starts with."""
    reason = apps.get_model("receivables", "Reason")
    reason.objects.bulk_create(
        reason(
            code=code,
            name=name,
            explanation=explanation,
            evidence=evidence,
            source_answers_for_it=answers,
            customers_may_give_it=by_customers,
        )
        for code, name, explanation, evidence, answers, by_customers in REASONS
    )


class Migration(migrations.Migration):
    dependencies = [("receivables", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Reason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(help_text="Customers read it.", max_length=60, unique=True)),
                (
                    "explanation",
                    models.CharField(
                        blank=True, help_text="What it means, for the person who chooses it.", max_length=300
                    ),
                ),
                (
                    "customers_may_give_it",
                    models.BooleanField(
                        default=True,
                        help_text="Customers can dispute charges for this reason. Otherwise, only finance uses it.",
                    ),
                ),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Days from issue within which it may be given; the customer's own window is the upper bound. Empty: that one.",
                        null=True,
                    ),
                ),
                (
                    "evidence",
                    models.CharField(blank=True, help_text="What the customer is asked to send.", max_length=300),
                ),
                (
                    "decided_alone_up_to",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="The sum up to which one person decides, in the currency of the dispute. Empty: any sum.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                (
                    "source_answers_for_it",
                    models.BooleanField(
                        default=True, help_text="Accepted disputes count in the quality report of the source."
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_alone_up_to", None), ("decided_alone_up_to__gte", 0), _connector="OR"
                        ),
                        name="a_reason_is_decided_alone_up_to_a_sum",
                    )
                ],
            },
        ),
        migrations.RunPython(write_the_reasons, migrations.RunPython.noop),
    ]
