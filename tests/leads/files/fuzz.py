"""Fuzz a reader with atheris: `python -m tests.leads.files.fuzz csv -runs=2000 -seed=1`.

Whatever the bytes are, a reader reads them or refuses them in words; any other error is a finding.
"""

import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris
import django

with atheris.instrument_imports(include=["leads.domain"]):
    django.setup()
    from billing_engine.core.errors import Refused
    from tests.leads.files.readable import READERS, SEEDS

BYTES = 4_096


def main() -> None:
    """Fuzz the reader that is named first; the rest are options of libFuzzer."""
    name, *options = sys.argv[1:]
    with TemporaryDirectory(prefix="fuzz-") as folder:
        corpus, path = Path(folder, "corpus"), Path(folder, "upload")
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[name]):
            (corpus / str(number)).write_bytes(seed)

        def once(data: bytes) -> None:
            with suppress(Refused):
                READERS[name](data, path)

        limits = [f"-max_len={BYTES}", "-timeout=20", "-rss_limit_mb=2048", f"-artifact_prefix={folder}/"]
        atheris.Setup([sys.argv[0], *limits, *options, str(corpus)], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
