"""What the rated actions became, and where a worker's time went."""

from django.db import connection


def mix() -> list[str]:
    """The outcome of the actions in the database, and the models that priced them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN reason <> '' THEN reason WHEN num_nonnulls(cut_per_lead, cut_per_period, cut_by_budget) > 0"
            " THEN 'trimmed by a cap' ELSE 'charged' END, count(*)"
            " FROM pricing_charge GROUP BY 1 UNION ALL SELECT 'unrated', count(*) FROM pricing_unratedaction ORDER BY 2 DESC"
        )
        outcomes = cursor.fetchall()
        cursor.execute(
            "SELECT price_model || CASE WHEN once_per <> '' THEN ' once' WHEN highest_only THEN ' highest only' ELSE '' END,"
            " count(*) FROM pricing_charge JOIN pricing_pricerule rule ON rule.id = rule_id GROUP BY 1 ORDER BY 2 DESC"
        )
        models = cursor.fetchall()
    total = sum(count for _, count in outcomes)
    return [", ".join(f"{name} {count / total:.2%}" for name, count in part) for part in (outcomes, models)]


def where_the_time_goes(stages: dict[str, float], total: float, actions: int) -> list[str]:
    """One line: each stage's share of one worker's time, measured separately."""
    stages = dict(stages)
    real = stages.pop("COPY into the real one")
    stages["checks and triggers"] = real - stages["COPY into the bare table"]
    stages["locks, tally, marks, less what is done at once"] = total - sum(stages.values())
    shares = (f"{name} {each / total:.0%} ({each / actions * 1e6:.2f} µs)" for name, each in stages.items())
    return [f"Where one worker's time goes, an action, the stages apart: {', '.join(shares)}."]
