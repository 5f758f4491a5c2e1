"""Disputes as data, and what is sent to open or answer one."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers

from billing_engine.core.errors import FieldFault, HasFaults
from portal.api.invoice_shapes import rounded
from portal.api.view import CustomerView
from portal.pages.invoices.charges import contact_of
from pricing.models import Charge
from receivables.domain.disputes.evidence import KINDS_IN_WORDS, MOST_FILES, NAME_LENGTH, Evidence
from receivables.domain.disputes.subject import MOST_CHOSEN
from receivables.models import Dispute, DisputedCharge, DisputeFile, DisputeStep
from receivables.models.dispute import FILE_BYTES

WORDS_LENGTH = 2_000
ID_LENGTH = 60
LONGEST_CONTENT = FILE_BYTES * 4 // 3 + 4  # of a file in base64


class DisputeSerializer(serializers.Serializer[Any]):
    """A dispute."""

    dispute = serializers.CharField(help_text="Its ID, as in the portal's addresses.")
    number = serializers.CharField()
    state = serializers.ChoiceField(Dispute.State.choices)
    reason = serializers.CharField(help_text="The code of the reason.")
    reason_name = serializers.CharField()
    invoice = serializers.CharField(allow_null=True, help_text="Null if it was opened before the invoice.")
    period = serializers.CharField()
    currency = serializers.CharField()
    amount = serializers.CharField(help_text="Before tax.")
    tax = serializers.CharField()
    total = serializers.CharField(help_text="What is set aside until we decide.")
    opened_at = serializers.DateTimeField(help_text="With the offset of your time zone.")
    contact = serializers.CharField(allow_blank=True, help_text="Who opened it; empty if we did.")
    decide_by = serializers.DateField()
    decided_at = serializers.DateTimeField(allow_null=True)


class FileOfDisputeSerializer(serializers.Serializer[Any]):
    """A file of a step."""

    file = serializers.CharField(help_text="Its ID, for a download.")
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    sha256 = serializers.CharField()


class StepOfDisputeSerializer(serializers.Serializer[Any]):
    """A step of a dispute, the earliest first."""

    kind = serializers.ChoiceField(DisputeStep.Kind.choices)
    at = serializers.DateTimeField()
    contact = serializers.CharField(allow_blank=True, help_text="Who of you took it; empty if we did.")
    words = serializers.CharField(allow_blank=True)
    files = FileOfDisputeSerializer(many=True)


class DisputedChargeSerializer(serializers.Serializer[Any]):
    """A disputed charge."""

    charge = serializers.CharField()
    contact = serializers.CharField(allow_blank=True, help_text="The lead's email address, masked unless we agreed.")
    occurred_at = serializers.DateTimeField()
    amount = serializers.CharField(help_text="Before tax.")
    is_accepted = serializers.BooleanField(allow_null=True, help_text="Null until we decide.")


class WholeDisputeSerializer(DisputeSerializer):
    """A dispute with its steps, and up to 500 of its charges."""

    steps = StepOfDisputeSerializer(many=True)
    charge_count = serializers.IntegerField()
    charges = DisputedChargeSerializer(many=True)


class FileSerializer(serializers.Serializer[Any]):
    """A file that is sent."""

    name = serializers.CharField(max_length=NAME_LENGTH, help_text=f"With its ending: {KINDS_IN_WORDS}.")
    content = serializers.CharField(help_text="In base64.", trim_whitespace=False)


class WordsSerializer(serializers.Serializer[Any]):
    """Words and files."""

    words = serializers.CharField(required=False, allow_blank=True, max_length=WORDS_LENGTH, default="")
    files = FileSerializer(many=True, required=False, max_length=MOST_FILES)  # type: ignore[call-arg]  # of a list


class OpenDisputeSerializer(WordsSerializer):
    """What is disputed, and why: a line, or charges of one invoice or of one open period."""

    line = serializers.CharField(required=False, max_length=ID_LENGTH, help_text="The ID of a line.")
    charges = serializers.ListField(
        child=serializers.CharField(max_length=ID_LENGTH),
        required=False,
        allow_empty=False,
        max_length=MOST_CHOSEN,
        help_text="IDs of charges, instead of a line.",
    )
    reason = serializers.CharField(max_length=40, help_text="The code of a reason.")


class BodyHasFaults(HasFaults):
    """The body of a request is incomplete, or says what can't be read."""

    code = "body_has_faults"


def read_body(shape: type[serializers.Serializer[Any]], body: object) -> dict[str, Any]:
    """Return what a body says. Raises BodyHasFaults, with the field of each fault."""
    if not isinstance(body, Mapping):
        raise BodyHasFaults([FieldFault("", "not_an_object", "Send a JSON object.")])
    form = shape(data=body)
    unknown = [
        FieldFault(
            str(name)[:60], "unknown_field", f"“{str(name)[:60]}” is unknown. Choose from {', '.join(form.fields)}."
        )
        for name in body
        if name not in form.fields
    ]
    form.is_valid()
    if faults := [*unknown, *_faults(form.errors)]:
        raise BodyHasFaults(faults)
    read: dict[str, Any] = form.validated_data
    return read


def _faults(errors: Mapping[Any, Any], field: str = "", row: int | None = None) -> Iterator[FieldFault]:
    for name, found in errors.items():
        is_row = isinstance(name, int)
        at = field if is_row else ".".join(filter(None, (field, str(name))))
        place: int | None = name if is_row else row
        if isinstance(found, Mapping):
            yield from _faults(found, at, place)
            continue
        for number, each in enumerate(found):
            if isinstance(each, Mapping):
                yield from _faults(each, at, number)
            else:
                yield FieldFault(at, each.code, f"{at}: {each}", place)


def evidence_of(read: Mapping[str, Any]) -> list[Evidence]:
    """Return the files of a body. Raises BodyHasFaults for what is not base64."""
    found, faults = list[Evidence](), list[FieldFault]()
    for row, each in enumerate(read.get("files", ())):
        if len(each["content"]) > LONGEST_CONTENT:
            most = FILE_BYTES // 1_000_000
            faults.append(FieldFault("files.content", "file_is_too_large", f"A file has at most {most} MB.", row))
            continue
        try:
            found.append(Evidence(each["name"], b64decode(each["content"], validate=True)))
        except ValueError:
            faults.append(FieldFault("files.content", "not_base64", "files.content: send the file in base64.", row))
    if faults:
        raise BodyHasFaults(faults)
    return found


def dispute_shape(view: CustomerView, dispute: Dispute) -> dict[str, Any]:
    """Return a dispute as `DisputeSerializer` describes; reads its reason, period and invoice."""
    own, currency = view.own, dispute.currency
    return {
        "dispute": own.id_of(dispute),
        "number": str(dispute),
        "state": dispute.state,
        "reason": dispute.reason.code,
        "reason_name": dispute.reason.name,
        "invoice": own.id_of(dispute.invoice) if dispute.invoice else None,
        "period": dispute.period.in_words,
        "currency": currency,
        "amount": rounded(dispute.amount, currency),
        "tax": rounded(dispute.tax, currency),
        "total": rounded(dispute.total, currency),
        "opened_at": view.at(dispute.opened_at),
        "contact": dispute.contact,
        "decide_by": dispute.decide_by,
        "decided_at": view.at(dispute.decided_at),
    }


def whole_shape(view: CustomerView, dispute: Dispute) -> dict[str, Any]:
    """Return a dispute as `WholeDisputeSerializer` describes."""
    charges = dispute.charges.select_related("action__lead").order_by("action__occurred_at", "action")[:MOST_CHOSEN]
    steps = DisputeStep.objects.filter(dispute=dispute).prefetch_related("files").order_by("at", "pk")
    return dispute_shape(view, dispute) | {
        "steps": [
            {
                "kind": each.kind,
                "at": view.at(each.at),
                "contact": each.contact,
                "words": each.words,
                "files": [_file(view, file) for file in each.files.all()],
            }
            for each in steps
        ],
        "charge_count": dispute.charges.count(),
        "charges": [_charge(view, each, dispute.currency) for each in charges],
    }


def _file(view: CustomerView, file: DisputeFile) -> dict[str, Any]:
    return {"file": view.own.id_of(file), "name": file.name, "size": file.size, "sha256": file.sha256}


def _charge(view: CustomerView, each: DisputedCharge, currency: str) -> dict[str, Any]:
    return {
        "charge": view.own.id_of_number(Charge, each.action_id),
        "contact": contact_of(view.own, each.action.lead.email),
        "occurred_at": view.at(each.action.occurred_at),
        "amount": rounded(each.amount, currency),
        "is_accepted": each.is_accepted,
    }
