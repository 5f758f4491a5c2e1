"""A question in words, for the head of the page, the file and the email."""

from reports.domain.question.question import Question

WHOSE_DAYS = "each customer’s own, in its billing time zone"


def title_of(question: Question) -> str:
    """`Amount by customer and product, by month`."""
    names = [measure.name for measure in question.measures]
    shown = _listed([names[0], *(name.lower() for name in names[1:])])
    groups = [each.name.lower() for each in question.dimensions if each.code != question.columns]
    by = f" by {_listed(groups)}" if groups else ""
    return f"{shown}{by}{f', {question.columns} by {question.columns}' if question.columns else ''}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
