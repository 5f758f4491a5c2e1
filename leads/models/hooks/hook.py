"""The addresses to which ready-made senders post their webhooks."""

from django.db import models

from leads.models.source import Key, Source


class Hook(Key):
    """An address of a source to which one kind of ready-made sender posts; its token is shown once and kept as a digest."""

    MARK, AUDIENCE = "lbh", "sender"

    class Kind(models.TextChoices):
        META = "meta", "Meta lead ads"
        GOOGLE = "google", "Google lead forms"
        LINKEDIN = "linkedin", "LinkedIn lead gen forms"
        HUBSPOT = "hubspot", "HubSpot"
        TYPEFORM = "typeform", "Typeform"
        SEGMENT = "segment", "Segment track events"
        STANDARD = "standard", "Standard Webhooks"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="hooks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sealed = models.BinaryField(help_text="What the sender signs with, encrypted with a key derived from SECRET_KEY.")
    earlier_sealed = models.BinaryField(null=True, help_text="The replaced secret, still accepted for a while.")
    earlier_until = models.DateTimeField(null=True, blank=True, help_text="The replaced secret is accepted until then.")
    fetch_sealed = models.BinaryField(
        null=True, help_text="The token with which the fields of leads are fetched from the sender, encrypted likewise."
    )

    class Meta(Key.Meta):
        abstract = False
        verbose_name = "inbound webhook"
        constraints = [
            models.CheckConstraint(
                name="a_replaced_hook_secret_has_an_end",
                condition=models.Q(earlier_sealed=None, earlier_until=None)
                | models.Q(earlier_sealed__isnull=False, earlier_until__isnull=False),
            ),
        ]

    @property
    def owner(self) -> Source:
        """Whose it is."""
        return self.source

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.prefix}…"
