"""Everything people did with the customer's products: totals by the explorer's one computation, and the actions behind."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import BadFilter
from billing_engine.core.api.paging import asked_limit, page_serializer
from billing_engine.core.api.problem_examples import problems
from billing_engine.core.read_replica import freshness, from_copy
from leads.models import Action, ActionType, Product, Source
from portal.api.view import ID, PAGED, CustomerView
from portal.pages.activity.question import Choices
from portal.pages.invoices.charges import contact_of, shown_id
from portal.words import OUTCOMES
from pricing.models import Charge
from pricing.wording.reasons import name_to_buyer
from reports.api.activity_answer import ActivityAnswerSerializer, answer_shape, value_of
from reports.domain.question.days import NAMED
from reports.domain.question.dimensions import TIMES
from reports.domain.question.measures import MEASURES
from reports.domain.question.question import MOST_GROUPS, MOST_VALUES, PARTS, Question
from reports.queries.explore.answer import MOST_COLUMNS, MOST_ROWS, Group, answer_of
from reports.queries.explore.asked.scope import Scope, scope_of
from reports.queries.explore.rows import ActivityRow, Place, page_of_rows

BY_ID: dict[str, type[Product] | type[Source] | type[ActionType]] = {
    "product": Product,
    "source": Source,
    "action_type": ActionType,
}
BY_VALUE = ("category", "channel", "outcome")
GROUPS = (*BY_ID, *BY_VALUE, *TIMES)
FIRST_GROUP = ("action_type", "product")
KNOWN = {*PARTS, *BY_ID, *BY_VALUE} - {"chart"}


def _list_of(name: str, codes: Any, says: str) -> OpenApiParameter:
    schema = {"type": "array", "items": {"type": "string", "enum": list(codes)}, "uniqueItems": True}
    return OpenApiParameter(name, schema, style="form", explode=False, description=says)


def _filter(name: str, item: dict[str, Any], says: str) -> OpenApiParameter:
    schema = {"type": "array", "items": item, "maxItems": MOST_VALUES}
    return OpenApiParameter(name, schema, style="form", explode=True, description=f"{says} Repeat it for several.")


TEXT = {"type": "string", "minLength": 1}
DAYS = OpenApiParameter(
    "days",
    str,
    description="In your time zone: `2026-07-01..2026-09-30`, `2026-07-01` or one of "
    f"{', '.join(f'`{name}`' for name in NAMED)}; by default `this_month`.",
)
FILTERS = [
    DAYS,
    *(_filter(name, ID, f"Only {kind._meta.verbose_name_plural} with these IDs.") for name, kind in BY_ID.items()),
    _filter("category", TEXT, "Only products of these categories on the day; `-` means without one."),
    _filter("channel", TEXT, "Only sources of these channels on the day."),
    _filter("outcome", TEXT | {"enum": list(OUTCOMES)}, "Only actions with these outcomes."),
]


class ActivityOfCustomerSerializer(ActivityAnswerSerializer):
    """The answer to a question about your activity."""

    time_zone = serializers.CharField(help_text="Your billing time zone, whose days are counted.")


class ActionOfCustomerSerializer(serializers.Serializer[Any]):
    """One action and its outcome."""

    action = serializers.CharField(help_text="Its ID, for `after`.")
    charge = serializers.CharField(allow_null=True, help_text="The ID of its charge; null while it waits for a price.")
    occurred_at = serializers.DateTimeField(help_text="With the offset of your time zone.")
    lead = serializers.CharField(help_text="The source's ID of the lead.")
    contact = serializers.CharField(allow_blank=True, help_text="The lead's email address, masked unless we agreed.")
    action_type = serializers.CharField()
    product = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not the option of that name
    quantity = serializers.CharField()
    outcome = serializers.ChoiceField(list(OUTCOMES))
    outcome_name = serializers.CharField()
    currency = serializers.CharField()
    full_amount = serializers.CharField(allow_null=True, help_text="The amount before any limit.")
    exact_amount = serializers.CharField(allow_null=True, help_text="Before line rounding.")


class AskedActivity(CustomerView):
    """What both views of activity are asked."""

    def question(self, *more: str) -> Question:
        """Read the question; IDs are the customer's own. Raises BadFilter, BadQuestion and NotThere."""
        parts: dict[str, list[str]] = dict(self.request.query_params.lists())
        known = {*KNOWN, *more}
        if unknown := next((name for name in parts if name not in known), None):
            said = f"“{unknown[:60]}” can't be part of a question. Choose from {', '.join(sorted(known))}."
            raise BadFilter(said, parameter=unknown[:60])
        plain = {name: values for name, values in parts.items() if name not in BY_ID and name not in more}
        question = Question.read({"group": [",".join(FIRST_GROUP)]} | plain)
        if odd := next((each for each in (*question.group, question.columns) if each and each not in GROUPS), None):
            raise BadFilter(f"You can't group by {odd}. Choose from {', '.join(GROUPS)}.", parameter="group")
        choices = Choices.of(self.key.customer).named()
        for name in BY_ID:
            if texts := [text for text in parts.get(name, ()) if text][: MOST_VALUES + 1]:
                values = [self._value(choices[name], name, text) for text in texts]
                question = question.with_filter(name, *values)
        return question

    def _value(self, rows: QuerySet[Any], name: str, text: str) -> str:
        row = self.find_given(rows, text, parameter=name)
        return str(row.pk) if name == "product" else str(row.code)

    def scope(self, question: Question) -> Scope:
        """The question about the customer's own activity."""
        return scope_of(question, at=now(), customers=[self.key.customer.pk])


class CustomerActivity(AskedActivity):
    """The totals."""

    @extend_schema(
        operation_id="customer_activity",
        tags=["Customer"],
        summary="Report your activity",
        description="The question of the portal's page Activity, with the same figures. At most "
        f"{MOST_ROWS:,} rows; of a question with more, the innermost groups are left out, and the answer says so.",
        parameters=[
            _list_of("show", MEASURES, "The figures, separated by commas."),
            _list_of("group", GROUPS, f"What to group by, from the outside in: at most {MOST_GROUPS}."),
            OpenApiParameter(
                "columns", str, enum=list(TIMES), description=f"Split each figure into columns: at most {MOST_COLUMNS}."
            ),
            OpenApiParameter("sort", str, description="`name` or a figure, with a minus for the largest first."),
            *FILTERS,
        ],
        responses={200: ActivityOfCustomerSerializer, **problems(400, 401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        return Response(self._answer(self.question()))

    @from_copy
    def _answer(self, question: Question) -> dict[str, Any]:
        answer = answer_of(question, at=now(), customers=[self.key.customer.pk])
        shape = answer_shape(answer, freshness(), self._key)
        asked: dict[str, Any] = shape["question"]
        given = self.request.query_params
        asked["query"] = given.urlencode(safe=",.")
        asked["filters"] = [
            {"name": name, "values": given.getlist(name)} for name in (*BY_ID, *BY_VALUE) if given.getlist(name)
        ]
        return shape | {"time_zone": self.key.customer.time_zone}

    def _key(self, code: str, group: Group) -> dict[str, str]:
        """How a group is named: by the customer's own IDs and words, never by codes of ours."""
        if code in BY_ID:
            return {"value": self.own.id_of_number(BY_ID[code], group.key), "name": group.name.words}
        if code == "outcome":
            return {"value": str(group.key), "name": OUTCOMES.get(group.key, name_to_buyer(str(group.key)))}
        return {"value": value_of(group), "name": group.name.words}


class CustomerActions(AskedActivity):
    """The actions behind the totals."""

    @extend_schema(
        operation_id="customer_actions",
        tags=["Customer"],
        summary="List your actions with their outcomes",
        description="Charged or not, the latest day first.",
        parameters=[*FILTERS, *PAGED],
        responses={
            200: page_serializer(ActionOfCustomerSerializer, "ActionOfCustomer"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request) -> Response:
        limit, question = asked_limit(request), self.question("after", "limit")
        after = self.find_asked(Action.objects.filter(period__customer=self.key.customer), "after")
        place = None
        if after is not None:
            day = self.key.customer.day_of(after.occurred_at)
            place = Place(day, after.period_id, after.occurred_at, after.pk)
        rows = self._rows(replace(question, group=()), place, limit + 1)
        emails = dict(
            Action.objects.filter(pk__in=[row.action for row in rows[:limit]]).values_list("pk", "lead__email")
        )
        results = [self._shown(row, emails.get(row.action, "")) for row in rows[:limit]]
        return self.page(rows, results, limit=limit, kind=Action, pk="action")

    @from_copy
    def _rows(self, question: Question, place: Place | None, most: int) -> list[ActivityRow]:
        return page_of_rows(self.scope(question), place, most=most)

    def _shown(self, row: ActivityRow, email: str) -> dict[str, Any]:
        own = self.own
        return {
            "action": own.id_of_number(Action, row.action),
            "charge": None if row.amount is None else own.id_of_number(Charge, row.action),
            "occurred_at": self.at(row.occurred_at),
            "lead": shown_id(own, row.lead),
            "contact": contact_of(own, email),
            "action_type": row.action_type,
            "product": row.product,
            "source": row.source,
            "quantity": str(row.quantity),
            "outcome": row.outcome,
            "outcome_name": OUTCOMES.get(row.outcome, name_to_buyer(row.outcome)),
            "currency": row.currency,
            "full_amount": None if row.full_amount is None else str(row.full_amount),
            "exact_amount": None if row.amount is None else str(row.amount),
        }
