"""Real data that nobody here made; it lies beside the checkout and is not part of it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
DATA = SHARED / "data"
CASES = SHARED / "cases"

OTTO = DATA / "otto" / "train.sample.jsonl"
X_EDUCATION = DATA / "x_education" / "Lead Scoring.csv"
WEBHOOKS = DATA / "webhook-samples"

needed = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not on this machine: it lies in ../shared/data")
cases_needed = pytest.mark.skipif(
    not CASES.is_dir(), reason="the cases are not on this machine: they lie in ../shared/cases"
)
