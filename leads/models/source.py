"""Lead sources, their API keys and their signing secrets."""

from datetime import date, datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower

from billing_engine.core.countries import countries
from leads.models.customer import CODE, Customer
from leads.models.revision import FactsRevision, RevisionQuerySet, in_force_on, one_waits


def validate_country(code: str) -> None:
    """Raise ValidationError unless this is a two-letter ISO 3166 code."""
    if code not in countries():
        raise ValidationError(f"{code} is not an ISO 3166 country. Use a two-letter code such as US.")


MOST_WAIT_HOURS = 30 * 24


class Channel(models.TextChoices):
    """The kind of place a lead comes from."""

    WEBSITE = "website", "Website"
    SOCIAL_MEDIA = "social_media", "Social media"
    EMAIL_CAMPAIGN = "email_campaign", "Email campaign"
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
    is_active = models.BooleanField("active", default=True, help_text="Requests from an inactive source are refused.")
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sources",
        help_text="The customer whose products the leads are about, if a lead doesn't name one.",
    )
    new_products = models.CharField(
        "unknown products", max_length=10, choices=NewProducts.choices, default=NewProducts.QUARANTINE
    )
    default_country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        db_default="",
        validators=[validate_country],
        help_text="ISO 3166, such as US. Used for phone numbers without a country code if the lead names no country.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Maximum requests per minute, all API keys together. 0: no limit. Empty: the default in the settings.",
    )
    signature_required = models.BooleanField(
        default=False, db_default=False, help_text="Refuse deliveries that aren't signed with a signing secret."
    )
    wait_hours = models.PositiveSmallIntegerField(
        "hours to wait",
        default=24,
        db_default=24,
        validators=[MaxValueValidator(MOST_WAIT_HOURS)],
        help_text="Hours that an action waits for its lead, or a void for its action, before it needs a person. 0: no wait.",
    )
    keep_bodies_days = models.PositiveIntegerField(
        "keep raw bodies",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days after which raw bodies are cleared every night. Empty: never.",
    )
    keep_contacts_days = models.PositiveIntegerField(
        "keep contact data",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days after which the contact data of leads is cleared every night. Empty: never.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    sends_records: bool = False  # through the API, by a mapping; known only of a source that its key has identified

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("code"), name="a_source_code_is_unique_whatever_its_case"),
            models.CheckConstraint(
                name="a_source_waits_for_at_most_thirty_days", condition=Q(wait_hours__lte=MOST_WAIT_HOURS)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def facts_on(self, day: date) -> "SourceRevision":
        """Return the facts in force on a day."""
        return in_force_on(self.revisions.all(), day)


class SourceRevision(FactsRevision):
    """A source's channel from a first day on."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)

    FACTS = ("channel",)
    SUBJECT = "source"

    objects = RevisionQuerySet.as_manager()

    class Meta(FactsRevision.Meta):
        abstract = False
        constraints = [
            *FactsRevision.Meta.constraints,
            one_waits("source"),
            models.CheckConstraint(name="a_source_has_a_known_channel", condition=Q(channel__in=Channel.values)),
        ]
        indexes = [models.Index(name="source_revision_by_day", fields=["source", "first_day", "id"])]


class Credential(models.Model):
    """What API keys and signing secrets share: who created them, when they expire, when they were last used."""

    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="No longer valid from then on.")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def is_usable(self, at: datetime) -> bool:
        """Return whether it can be used at that moment: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


class Key(Credential):
    """What the keys of sources and of customers share: a part that is shown, and the digest of the whole."""

    prefix = models.CharField(max_length=12, unique=True, help_text="The part that is shown.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole key.")

    MARK: ClassVar[str]  # how the keys of a kind begin
    AUDIENCE: ClassVar[str]  # which views of the API are for them

    class Meta(Credential.Meta):
        abstract = True

    @property
    def shown(self) -> str:
        """The key without its secret part: `lbe_1a2b3c4d_…`."""
        return f"{self.MARK}_{self.prefix}_…"


def sends_and_reads() -> list[str]:
    """What a new key may do unless a person chooses otherwise."""
    return ["read", "send"]


class ApiKey(Key):
    """What a source authenticates with; shown once, and only its digest is kept."""

    MARK, AUDIENCE = "lbe", "source"

    class Scope(models.TextChoices):
        """What requests with a key may do."""

        SEND = "send", "Send leads"
        READ = "read", "Read what happened to them"
        PRICES = "prices", "Read their prices"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="api_keys")
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices),
        default=sends_and_reads,
        help_text="What requests with the key may do.",
    )
    is_test = models.BooleanField(
        "test", default=False, db_default=False, help_text="Every lead sent with the key is a test and never charged."
    )
    used_from = models.JSONField(
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        help_text="The addresses it was last used from, each with the time.",
    )

    class Meta(Key.Meta):
        abstract = False
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                name="an_api_key_has_known_scopes",
                condition=Q(scopes__contained_by=["prices", "read", "send"], scopes__len__gt=0),
            ),
            models.CheckConstraint(
                name="an_api_key_that_reads_prices_reads",
                condition=~Q(scopes__contains=["prices"]) | Q(scopes__contains=["read"]),
            ),
        ]

    @property
    def owner(self) -> Source:
        """Whose it is."""
        return self.source

    def may(self, scope: str) -> bool:
        """Whether requests with it may do this."""
        return scope in self.scopes

    @property
    def sees_prices(self) -> bool:
        """Whether it may see rules, amounts and invoice numbers of the source's own actions."""
        return self.may(self.Scope.PRICES)

    @property
    def may_in_words(self) -> str:
        """What it may do: `Send leads, read what happened to them`."""
        return ", ".join(scope.label for scope in self.Scope if self.may(scope)).capitalize()

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SigningSecret(Credential):
    """What a source signs its deliveries with; shown once, and kept encrypted."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="signing_secrets")
    sealed = models.BinaryField(help_text="The secret, encrypted with a key derived from SECRET_KEY.")
    hint = models.CharField(max_length=12, help_text="The part that is shown in the admin.")

    @property
    def owner(self) -> Source:
        """Whose it is."""
        return self.source

    def __str__(self) -> str:
        return f"{self.hint}…"
