"""Who sends leads, and the keys that let them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads.models.customer import CODE, Customer


class Channel(models.TextChoices):
    """The kind of place a lead comes from."""

    WEBSITE = "website", "Web site"
    SOCIAL_MEDIA = "social_media", "Social media"
    EMAIL_CAMPAIGN = "email_campaign", "E-mail campaign"
    REFERRAL = "referral", "Referral"
    WEBINAR = "webinar", "Webinar"
    EVENT = "event", "Event"
    DEMO_REQUEST = "demo_request", "Demo request"
    TRADE_SHOW = "trade_show", "Trade show"
    CONFERENCE = "conference", "Conference"
    NEWSLETTER = "newsletter", "Newsletter"
    FEEDBACK = "feedback", "Feedback"


class Source(models.Model):
    """A sender of leads."""

    class NewProducts(models.TextChoices):
        QUARANTINE = "quarantine", "Put the lead in quarantine"
        CREATE = "create", "Add the product"

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    is_active = models.BooleanField("active", default=True, help_text="An inactive source is refused.")
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sources",
        help_text="Whose products its leads are about, where they do not say.",
    )
    new_products = models.CharField(
        "unknown products", max_length=10, choices=NewProducts.choices, default=NewProducts.QUARANTINE
    )
    field_mapping = models.JSONField(
        default=dict,
        blank=True,
        help_text="How the columns of an imported file become a lead; see docs/lead-sources.md.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("code"), name="a_source_code_is_unique_whatever_its_case"),
            models.CheckConstraint(name="a_source_has_a_known_channel", condition=Q(channel__in=Channel.values)),
        ]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """What a source proves itself with; only its digest is kept, and it is shown once."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=12, unique=True, help_text="The part that may be shown.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole key.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"
