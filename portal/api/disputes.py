"""Disputes: listed, opened on a line or charges, followed, answered, withdrawn, and looked at a second time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import asked_text, text_filter
from billing_engine.core.api.paging import asked_limit, page_serializer
from billing_engine.core.api.problem_examples import problems
from billing_engine.core.errors import FieldFault, Refused
from billing_engine.core.tables.download import file_response
from invoices.models import InvoiceLine
from portal.api.dispute_shapes import (
    BodyHasFaults,
    DisputeSerializer,
    OpenDisputeSerializer,
    WholeDisputeSerializer,
    WordsSerializer,
    dispute_shape,
    evidence_of,
    read_body,
    whole_shape,
)
from portal.api.examples import DISPUTE_EXAMPLE, OPEN_EXAMPLE
from portal.api.invoice_files import FILE, FileView
from portal.api.view import DISPUTES, PAGED, READ, CustomerView, NotThere, in_path
from pricing.models import Charge
from receivables.domain.disputes.conversation import answer, ask_for_second_look, withdraw
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import Subject, subject_of_charges, subject_of_line
from receivables.models import Dispute, DisputeFile, Reason

RELATED = ("customer", "reason", "invoice", "period__customer")
DISPUTE = in_path("dispute", "the dispute")
LARGEST = 16_000_000  # bytes of a body: one file of 10 MB in base64, and words


class BodyIsTooLarge(Refused):
    """The body is longer than a dispute with its files may be."""

    code = "body_too_large"
    http_status = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    message = f"Send at most {LARGEST // 1_000_000} MB. Add further files with further answers."


class ReasonSerializer(serializers.Serializer[Any]):
    """A reason to dispute charges."""

    reason = serializers.CharField(help_text="Its code.")
    name = serializers.CharField()
    explanation = serializers.CharField(allow_blank=True)
    send = serializers.CharField(allow_blank=True, help_text="What to send with it.")


class DisputesView(CustomerView):
    """A view of disputes."""

    def found(self, dispute: str) -> Dispute:
        """Return the customer's own dispute. Raises Http404."""
        own = self.own
        return own.find(Dispute.objects.filter(customer=own.customer).select_related(*RELATED), dispute)

    def read(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Read the body. Raises BodyIsTooLarge and BodyHasFaults."""
        length = self.request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > LARGEST:
            raise BodyIsTooLarge
        return read_body(shape, self.request.data)

    @property
    def speaker(self) -> Speaker:
        """The key, for the person who answers for it."""
        return Speaker(contact=self.key.contact, key=self.key)


class CustomerDisputes(DisputesView):
    """The disputes."""

    for_customers: ClassVar[dict[str, str]] = {"GET": READ, "POST": DISPUTES}

    @extend_schema(
        operation_id="customer_disputes",
        tags=["Customer"],
        summary="List your disputes",
        description="The latest first.",
        parameters=[text_filter("state", "The dispute's state.", enum=Dispute.State.values), *PAGED],
        responses={
            200: page_serializer(DisputeSerializer, "Dispute"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request) -> Response:
        limit, state = asked_limit(request), asked_text(request, "state", Dispute.State.values)
        theirs = Dispute.objects.filter(customer=self.key.customer)
        after = self.find_asked(theirs, "after")
        asked = {"state": state, "pk__lt": after.pk if after else None}
        found = theirs.filter(**{name: value for name, value in asked.items() if value})
        rows = list(found.select_related(*RELATED).order_by("-pk")[: limit + 1])
        return self.page(rows, [dispute_shape(self, each) for each in rows[:limit]], limit=limit, kind=Dispute, pk="pk")

    @extend_schema(
        operation_id="customer_open_dispute",
        tags=["Customer"],
        summary="Open a dispute",
        description="On a line, or on charges of one invoice or of one open period. The key must have the scope `disputes`. "
        "A charge is disputed once: sent again, the same request is refused (409) and nothing is opened twice.",
        request=OpenDisputeSerializer,
        responses={201: WholeDisputeSerializer, **problems(400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 503)},
        examples=[OPEN_EXAMPLE, DISPUTE_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        read = self.read(OpenDisputeSerializer)
        subject, reason, files = self._subject(read), _reason(read["reason"]), evidence_of(read)
        opened = open_dispute(subject, reason=reason, words=read["words"], by=self.speaker, at=now(), files=files)
        return Response(whole_shape(self, opened), status=status.HTTP_201_CREATED)

    def _subject(self, read: dict[str, Any]) -> Subject:
        """What the body names, of this customer only. Raises BodyHasFaults, NotThere and NotDisputable."""
        line, charges = read.get("line"), read.get("charges")
        if bool(line) == bool(charges):
            raise BodyHasFaults([FieldFault("charges", "line_or_charges", "Name either a line or charges.")])
        own = self.own
        if line:
            lines = InvoiceLine.objects.filter(
                invoice__customer=own.customer, invoice__number__isnull=False, kind=InvoiceLine.Kind.CHARGES
            ).select_related("invoice__period__customer", "invoice__customer", "product", "action_type", "rule")
            return subject_of_line(self.find_given(lines, line, pointer="/line"))
        return subject_of_charges(self._charges(charges or []))

    def _charges(self, texts: list[str]) -> list[int]:
        """The numbers of the charges with these IDs, read at once."""
        own = self.own
        numbers = [own.number_of(Charge, text) for text in texts]
        theirs = set(
            Charge.objects.filter(period__customer=own.customer, pk__in=[each for each in numbers if each]).values_list(
                "pk", flat=True
            )
        )
        for place, number in enumerate(numbers):
            if number not in theirs:
                raise NotThere(pointer=f"/charges/{place}")
        return sorted(theirs)


def _reason(code: str) -> Reason:
    reason = Reason.objects.filter(code=code, is_active=True, customers_may_give_it=True).first()
    if reason is None:
        known = Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("code")
        said = f"Choose a reason from {', '.join(known.values_list('code', flat=True))}."
        raise BodyHasFaults([FieldFault("reason", "unknown_reason", said)])
    return reason


class CustomerDisputeReasons(CustomerView):
    """The reasons that customers can give."""

    @extend_schema(
        operation_id="customer_dispute_reasons",
        tags=["Customer"],
        summary="List the reasons for disputes",
        description="Each invoice says until when it can be disputed for which reason.",
        responses={200: ReasonSerializer(many=True), **problems(401, 403, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        reasons = Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("name")
        return Response(
            [
                {"reason": each.code, "name": each.name, "explanation": each.explanation, "send": each.evidence}
                for each in reasons
            ]
        )


class CustomerDispute(DisputesView):
    """One dispute."""

    @extend_schema(
        operation_id="customer_dispute",
        tags=["Customer"],
        summary="Follow a dispute",
        parameters=[DISPUTE],
        responses={200: WholeDisputeSerializer, **problems(401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, dispute: str) -> Response:
        return Response(whole_shape(self, self.found(dispute)))


class StepView(DisputesView):
    """A step in a dispute, which answers with the dispute as it is then."""

    for_customers: ClassVar[dict[str, str]] = {"POST": DISPUTES}

    def step(self, dispute: str, take: Callable[[Dispute, dict[str, Any], datetime], Dispute]) -> Response:
        """Take the step. Raises Http404 and what the domain refuses."""
        found = self.found(dispute)
        return Response(whole_shape(self, take(found, self.read(WordsSerializer), now())))


STEP_RESPONSES: dict[Any, Any] = {
    200: WholeDisputeSerializer,
    **problems(400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 503),
}


class CustomerDisputeAnswer(StepView):
    """Words and files for a dispute that is not decided yet."""

    @extend_schema(
        operation_id="customer_answer_dispute",
        tags=["Customer"],
        summary="Answer in a dispute",
        description="Add words or files. If we asked for more, the clock goes on.",
        parameters=[DISPUTE],
        request=WordsSerializer,
        responses=STEP_RESPONSES,
    )
    def post(self, request: Request, dispute: str) -> Response:
        return self.step(
            dispute,
            lambda found, read, at: answer(found, words=read["words"], by=self.speaker, at=at, files=evidence_of(read)),
        )


class CustomerDisputeWithdrawal(StepView):
    """The end of a dispute by the customer."""

    @extend_schema(
        operation_id="customer_withdraw_dispute",
        tags=["Customer"],
        summary="Withdraw a dispute",
        description="Its charges are due on their day, and can be disputed again.",
        parameters=[DISPUTE],
        request=WordsSerializer,
        responses=STEP_RESPONSES,
    )
    def post(self, request: Request, dispute: str) -> Response:
        return self.step(dispute, lambda found, read, at: withdraw(found, words=read["words"], by=self.speaker, at=at))


class CustomerSecondLook(StepView):
    """A second look after a rejection."""

    @extend_schema(
        operation_id="customer_second_look",
        tags=["Customer"],
        summary="Ask for a second look",
        description="Once, after a rejection: another person decides.",
        parameters=[DISPUTE],
        request=WordsSerializer,
        responses=STEP_RESPONSES,
    )
    def post(self, request: Request, dispute: str) -> Response:
        return self.step(
            dispute, lambda found, read, at: ask_for_second_look(found, words=read["words"], by=self.speaker, at=at)
        )


class CustomerDisputeFile(FileView):
    """A file of a dispute."""

    @extend_schema(
        operation_id="customer_dispute_file",
        tags=["Customer"],
        summary="Get a file of a dispute",
        parameters=[in_path("file", "the file")],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(FILE, "The file"),
            **problems(401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, file: str) -> HttpResponseBase:
        own = self.own
        found = own.find(DisputeFile.objects.filter(step__dispute__customer=own.customer), file)
        return file_response(bytes(found.content), name=found.name, content_type="application/octet-stream")
