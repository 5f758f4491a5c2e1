"""What each person of a customer wants to hear by email, apart from what is about money owed."""

from django.db import models
from django.db.models.functions import Lower

from leads.models.customer.customer import Customer


class EmailTopic(models.TextChoices):
    """What a person can switch on and off."""

    DISPUTES = "disputes", "Disputes"
    BUDGET = "budget", "Budget alerts"
    STATEMENTS = "statements", "Monthly statements"


class EmailChoice(models.Model):
    """What one address of a customer chose about one topic; without a row, the person's role decides."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="email_choices", db_index=False)
    email = models.EmailField()
    topic = models.CharField(max_length=10, choices=EmailTopic.choices)
    is_wanted = models.BooleanField()
    chosen_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                "customer", Lower("email"), "topic", name="an_address_of_a_customer_chooses_a_topic_once"
            ),
            models.CheckConstraint(
                name="an_email_choice_is_about_a_known_topic", condition=models.Q(topic__in=EmailTopic.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_topic_display()} {'on' if self.is_wanted else 'off'}"
