"""Real data from elsewhere; it lies next to the checkout and is not part of it."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"

OTTO = DATA / "otto" / "train.sample.jsonl"
X_EDUCATION = DATA / "x_education" / "Lead Scoring.csv"
WEBHOOKS = DATA / "webhook-samples"

needed = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not on this machine: it lies in ../shared/data")

# What once went wrong, each with its right outcome.
CASES = DATA.parent / "cases"
BILLING_CASES, INTAKE_CASES = CASES / "billing", CASES / "intake"

needs_cases = pytest.mark.skipif(
    not CASES.is_dir(), reason="the cases are not on this machine: they lie in ../shared/cases"
)
