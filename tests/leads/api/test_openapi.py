"""Clients generated from the OpenAPI document work: the guide's Python program runs with a generated client."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from leads.domain.credentials.api_keys import create_key
from leads.domain.credentials.signatures import create_secret
from leads.models import Action
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.house.tree import ROOT
from tests.processes import empty_broker

PAGE = (ROOT / "docs" / "lead-sources.md").read_text(encoding="utf-8")


def block(kind: str, language: str) -> str:
    [found] = re.findall(rf"^```{language} {kind}\n([\s\S]*?)^```$", PAGE, re.MULTILINE)
    return str(found)


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_sends_a_signed_delivery_and_reads_its_receipt(live_server: Any, tmp_path: Path) -> None:
    empty_broker()  # message IDs are remembered there
    ProductFactory.create(sku="TZ-101")
    ActionTypeFactory.create(code="sample_order")
    source = SourceFactory.create(signature_required=True)
    key, secret = create_key(source)[1], create_secret(source)[1]

    generated = subprocess.run(
        ["/bin/sh", "-euc", block("generate", "sh").replace("https://billing.example", live_server.url)],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    # The generator writes to either stream; the only thing it skips is the NDJSON body.
    words = generated.stdout + generated.stderr
    assert (generated.returncode, re.findall(r"Endpoint will not|Unable to|Unsupported content type \S+", words)) == (
        0,
        ["Unsupported content type application/x-ndjson"],
    )

    program = block("client", "python").replace("https://billing.example", live_server.url).replace("lbe_…", key)
    program = re.sub(r"whsec_[\w+/=]+", secret, program)
    sent = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (sent.stderr, sent.stdout) == ("", "L-88235 created A-1: created\n")
    assert Action.objects.values_list("external_id", "quantity").get() == ("A-1", 3)
