"""`GET /api/v1/reports/activity`: the explorer's question and its answer, for programs."""

from collections.abc import Mapping
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.filters import asked_text
from billing_engine.core.api.problem_examples import problems
from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.csv import csv_response
from leads.api.authentication import SOURCES_AND_STAFF
from reports.api.activity_answer import ActivityAnswerSerializer, answer_shape
from reports.api.activity_example import EXAMPLE
from reports.domain.question.days import NAMED
from reports.domain.question.dimensions import DIMENSIONS, FILTERS, TIMES, Dimension
from reports.domain.question.faults import BadQuestion
from reports.domain.question.measures import MEASURES
from reports.domain.question.question import LONGEST_VALUE, MOST_GROUPS, MOST_VALUES, PARTS, Question
from reports.queries.explore.answer import MOST_COLUMNS, MOST_ROWS, answer_of
from reports.queries.explore.asked.scope import scope_of
from reports.queries.explore.every_row import every_row_of

JSON, CSV, FORMAT = "json", "csv", "format"
KNOWN = {*PARTS, *FILTERS, FORMAT}


class CsvRenderer(JSONRenderer):
    """Stands for CSV when a format is chosen; files are streamed without it, and problems are JSON even here."""

    media_type = "text/csv"
    format = CSV


def _list_of(name: str, codes: Mapping[str, object], says: str, *, at_most: int | None = None) -> OpenApiParameter:
    most = {} if at_most is None else {"maxItems": at_most}
    schema = {"type": "array", "items": {"type": "string", "enum": list(codes)}, "uniqueItems": True, **most}
    return OpenApiParameter(name, schema, style="form", explode=False, description=says)


def _filter(dimension: Dimension) -> OpenApiParameter:
    item = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
    item |= {"enum": list(dimension.choices)} if dimension.choices else {}
    schema = {"type": "array", "items": item, "maxItems": MOST_VALUES}
    says = f"Only {dimension.many} with these {VALUES.get(dimension.code, 'values')}. Repeat it for several."
    return OpenApiParameter(dimension.code, schema, style="form", explode=True, description=says)


VALUES = {
    **dict.fromkeys(("customer", "source", "action_type"), "codes"),
    **dict.fromkeys(("product", "rule"), "IDs"),
    "category": "names, as they were on the day; `-` means without a category",
    "channel": "values on the day",
    "period": "cycles, such as 2026-10",
}
PARAMETERS = [
    _list_of("show", MEASURES, "The figures, separated by commas."),
    _list_of(
        "group",
        DIMENSIONS,
        f"What to group by, from the outside in: at most {MOST_GROUPS}. Empty is only the total.",
        at_most=MOST_GROUPS,
    ),
    OpenApiParameter(
        "columns", str, enum=list(TIMES), description=f"Split each figure into columns: at most {MOST_COLUMNS}."
    ),
    OpenApiParameter(
        "days",
        str,
        description=f"`2026-07-01..2026-09-30`, `2026-07-01` or one of {', '.join(f'`{name}`' for name in NAMED)}.",
    ),
    OpenApiParameter(
        "sort", str, description="`name` or a figure, with a minus for the largest first; by default the first figure."
    ),
    *(_filter(each) for each in FILTERS.values()),
    OpenApiParameter(FORMAT, str, enum=[JSON, CSV], description="Instead of the header Accept."),
]


class ActivityView(APIView):
    """Answers a question about billing activity, for staff who can see charges."""

    authentication_classes = SOURCES_AND_STAFF
    staff_needs = ("pricing.view_charge",)
    renderer_classes = (JSONRenderer, CsvRenderer)

    @extend_schema(
        operation_id="activity_report",
        tags=["Reports"],
        summary="Report billing activity",
        description="The question of the explorer's page, with the same parameters and the same figures. JSON has at most "
        f"{MOST_ROWS:,} rows; of a question with more, it leaves out the innermost groups and says so. CSV has a row for "
        "each innermost group and column, without a limit. For staff who can see charges.",
        parameters=PARAMETERS,
        responses={
            (200, "application/json"): OpenApiResponse(ActivityAnswerSerializer, "The answer", [EXAMPLE]),
            (200, "text/csv"): OpenApiResponse({"type": "string"}, "All rows"),
            **problems(400, 401, 403, 406, 429, 503),
        },
    )
    def get(self, request: Request) -> Response | StreamingHttpResponse:
        question = _asked(request)
        if isinstance(request.accepted_renderer, CsvRenderer):
            return _file(question)
        return Response(_answer(question))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001 -- as in DRF
        if not force:
            asked_text(request, FORMAT, [JSON, CSV])
        return super().perform_content_negotiation(request, force)


def _asked(request: Request) -> Question:
    parts = dict(request.query_params.lists())
    if unknown := next((name for name in parts if name not in KNOWN), None):
        # A misspelled filter would answer another question.
        raise BadQuestion(
            unknown[:60], f"“{unknown[:60]}” can't be part of a question. Choose from {', '.join(KNOWN)}."
        )
    return Question.read(parts)


@from_copy
def _answer(question: Question) -> dict[str, Any]:
    return answer_shape(answer_of(question, at=now()), freshness())


@from_copy
def _file(question: Question) -> StreamingHttpResponse:
    found = every_row_of(scope_of(question, at=now()), soon=True)
    return csv_response("activity.csv", [column.name for column in found.columns], found.rows)
