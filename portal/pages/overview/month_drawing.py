"""The month as a drawing: added up by day, with last month, the forecast's fan and the budget; below it, each day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

WIDTH, LEFT, RIGHT, TOP, HEIGHT = 1040, 8, 890, 16, 190
BARS_TOP, BARS_HEIGHT = 222, 56
TALL = BARS_TOP + BARS_HEIGHT + 28
ROUND = (Decimal(1), Decimal(2), Decimal(4), Decimal(5), Decimal(10))
MOST_RULES = 4
GAP = 15  # between words beside the right end
Height = Callable[[Decimal], int]


@dataclass(frozen=True, slots=True)
class Words:
    """Text at a place."""

    x: int
    y: int
    text: str
    kind: str = ""


@dataclass(slots=True)
class Drawing:
    """Shapes in the drawing's own units; the template writes them as SVG."""

    said: str
    now: str = ""
    before: str = ""
    ahead: str = ""
    fan: str = ""
    budget: int | None = None
    dot: tuple[int, int] | None = None
    rules: list[int] = field(default_factory=list)
    bars: list[tuple[int, int, int, int]] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What is drawn: amounts of each day so far, of each day of the last month, and what is expected in all."""

    days: int
    so_far: Sequence[Decimal]
    last_month: Sequence[Decimal]
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None
    budget: Decimal | None


def added_up(amounts: Sequence[Decimal]) -> list[Decimal]:
    """The sums up to each day, from zero on."""
    sums = [Decimal(0)]
    for each in amounts:
        sums.append(sums[-1] + each)
    return sums


def draw(facts: MonthFacts, *, said: str, labels: dict[str, str], month: str, scale: dict[Decimal, str]) -> Drawing:
    """Draw the month; `labels` name the ends of lines, `scale` the heights of the rules."""
    sums, before = added_up(facts.so_far), added_up(facts.last_month[: facts.days])
    ends = [facts.expected, facts.high, facts.budget]
    top = max([*sums, *before, *(each for each in ends if each is not None), Decimal(1)])

    def x(day: int) -> int:
        return round(LEFT + (RIGHT - LEFT) * day / facts.days)

    def y(amount: Decimal) -> int:
        return round(TOP + HEIGHT - HEIGHT * float(amount / top))

    def line(points: Sequence[tuple[int, Decimal]]) -> str:
        return " ".join(f"{x(day)},{y(amount)}" for day, amount in points)

    drawing = Drawing(said)
    drawing.now = line(list(enumerate(sums)))
    drawing.before = line(list(enumerate(before)))
    today = (len(sums) - 1, sums[-1])
    drawing.dot = (x(today[0]), y(today[1]))
    if facts.expected is not None and today[0] < facts.days:
        drawing.ahead = line([today, (facts.days, facts.expected)])
        if facts.low is not None and facts.high is not None:
            drawing.fan = line([today, (facts.days, facts.high), (facts.days, facts.low)])
    drawing.budget = y(facts.budget) if facts.budget else None
    for amount, text in scale.items():
        if amount <= top:
            drawing.rules.append(y(amount))
            drawing.words.append(Words(LEFT, y(amount) - 5, text))
    drawing.bars = _bars(facts)
    drawing.words += _days(facts.days, month)
    drawing.words += _ends(labels, {"budget": facts.budget, "forecast": facts.expected, "before": before[-1]}, y)
    return drawing


def steps_up_to(top: Decimal) -> list[Decimal]:
    """At most four round amounts below the top, evenly apart."""
    if top <= 0:
        return []
    size = Decimal(10) ** (top.adjusted() - 1)
    step = next(
        each * size * power for power in (1, 10) for each in ROUND if top / (each * size * power) < MOST_RULES + 1
    )
    return [step * count for count in range(1, MOST_RULES + 1) if step * count < top]


def _bars(facts: MonthFacts) -> list[tuple[int, int, int, int]]:
    most = max([*facts.so_far, Decimal(0)])
    if most <= 0:
        return []
    wide = (RIGHT - LEFT) / facts.days
    found = []
    for day, amount in enumerate(facts.so_far):
        tall = round(BARS_HEIGHT * float(max(amount, Decimal(0)) / most))
        found.append((round(LEFT + wide * day + 1), BARS_TOP + BARS_HEIGHT - tall, max(1, round(wide - 3)), tall))
    return found


def _days(days: int, month: str) -> list[Words]:
    wide = (RIGHT - LEFT) / days
    marks = [day for day in (1, 8, 15, 22, days) if day <= days]
    return [
        Words(round(LEFT + wide * (day - 0.5)), TALL - 8, f"{month} {day}" if day == 1 else str(day), "middle")
        for day in marks
    ]


def _ends(labels: dict[str, str], at: dict[str, Decimal | None], y: Height) -> list[Words]:
    placed, last = [], -GAP
    named = [(name, amount) for name, amount in at.items() if amount is not None and name in labels]
    for name, amount in sorted(named, key=lambda each: -each[1]):
        place = max(y(amount) + 4, last + GAP)
        placed.append(
            Words(RIGHT + 10, place, labels[name], {"budget": "budget-words", "forecast": "said"}.get(name, ""))
        )
        last = place
    return placed
