"""Who sends leads, and the keys that let them."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from billing_engine.core.countries import countries
from leads.models.customer import CODE, Customer


def known_country(code: str) -> None:
    """Refuse what is no ISO 3166 code of two letters."""
    if code not in countries():
        raise ValidationError(f"{code} is no ISO 3166 country, such as US.")


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
    default_country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        db_default="",
        validators=[known_country],
        help_text="ISO 3166, such as US: of phone numbers without a country code, where a lead names no country.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How often it may ask, all its keys together; 0 for no limit. Empty: as the settings say.",
    )
    signature_required = models.BooleanField(
        default=False, db_default=False, help_text="Refuse deliveries that are not signed with the signing secret."
    )
    field_mapping = models.JSONField(
        default=dict,
        blank=True,
        help_text="A lead in JSON, with {Column} wherever a column of the imported file belongs, such as "
        '{"id": "{Lead ID}", "product": {"sku": "{SKU}"}}.',
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("code"), name="a_source_code_is_unique_whatever_its_case"),
            models.CheckConstraint(name="a_source_has_a_known_channel", condition=Q(channel__in=Channel.values)),
        ]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """What both kinds of secret have in common: who made it, until when it is good, when it was last of use."""

    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="No longer good from then on.")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def is_good(self, at: datetime) -> bool:
        """Whether it proves anything at that instant."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


class ApiKey(Credential):
    """What a source proves itself with; only its digest is kept, and it is shown once."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=12, unique=True, help_text="The part that may be shown.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole key.")

    class Meta(Credential.Meta):
        abstract = False
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SigningSecret(Credential):
    """What a source signs its deliveries with; kept encrypted, and shown once."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="signing_secrets")
    sealed = models.BinaryField(help_text="The secret, encrypted with a key made from SECRET_KEY.")
    hint = models.CharField(max_length=12, help_text="The part that may be shown.")

    def __str__(self) -> str:
        return f"{self.hint}…"
