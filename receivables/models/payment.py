"""Our bank accounts, and what is known of money that came in or went out, beside its ledger document."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from leads.models import Company
from receivables.models.ledger import LedgerDocument


class BankAccount(models.Model):
    """One of our own bank accounts, to which customers pay; only its files are read."""

    name = models.CharField(max_length=100, unique=True)
    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bank_accounts",
        help_text="Whose account it is. Empty: the seller in the settings.",
    )
    number = models.CharField(
        "IBAN or account number",
        max_length=34,
        validators=[RegexValidator(r"^[A-Z0-9]{4,34}$", "Use letters and digits only.")],
        help_text="Files that name another account are refused.",
    )
    currency = models.CharField(max_length=3)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_bank_account_is_entered_once",
                fields=["number", "currency"],
                violation_error_message="This account has been entered already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Payment(models.Model):
    """What is known of money that came in or went out: who paid, how, and to which account; a ledger document holds its sum."""

    class Method(models.TextChoices):
        TRANSFER = "transfer", "Bank transfer"
        DIRECT_DEBIT = "debit", "Direct debit"
        CARD = "card", "Card"
        CHECK = "check", "Check"
        CASH = "cash", "Cash"
        ONLINE = "online", "Online"
        OTHER = "other", "Other"

    document = models.OneToOneField(LedgerDocument, on_delete=models.PROTECT, primary_key=True, related_name="payment")
    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="payments", db_index=False
    )
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.TRANSFER)
    payer_name = models.CharField(max_length=140, blank=True)
    payer_account = models.CharField(max_length=34, blank=True)
    row = models.ForeignKey(
        "receivables.BankRow",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        help_text="The row of the bank file that it was booked from.",
    )
    undoes = models.ForeignKey(
        LedgerDocument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="undone_by",
        help_text="The credit that is refunded, the payment that is returned, or the return whose money came back.",
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_payment_never_undoes_itself", condition=Q(undoes=None) | ~Q(undoes=F("document"))
            ),
        ]
        indexes = [
            models.Index(name="payments_of_a_payer", fields=["payer_account"], condition=~Q(payer_account="")),
        ]

    def __str__(self) -> str:
        return str(self.document)
