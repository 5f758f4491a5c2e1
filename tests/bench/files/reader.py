"""A worker that reads one file, so that its memory is that of a worker and nothing else."""

import os
from datetime import UTC, datetime
from pathlib import Path

from leads.domain.body.parcel import Parcel
from leads.domain.files.parts import LeadsFile
from leads.domain.imports.dry_run.run import DryRun
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.models import Source
from tests.bench.worker import Place, Work, a_share, share_out

AT = datetime(2026, 11, 2, tzinfo=UTC)
TRY, READ, READ_LEADS = range(3)
FILE = "BENCH_FILE"


def read_apart(path: Path, how: int) -> Work:
    """Read a file in a process of its own, and return how long that took and its peak of memory."""
    return share_out([[how]], module=__name__, places=[Place(environ={FILE: str(path)})])


def main() -> None:
    """Try all of the file in a dry run, or only read it: by the mapping, or as the leads that it has."""
    with a_share() as [how]:
        source, path = Source.objects.get(code="bench"), Path(os.environ[FILE])
        leads = LeadsFile(path, None if how == READ_LEADS else active_converter(source, door=FILES))
        run = DryRun(source, at=AT)
        for part in leads.parts():
            if how == TRY:
                run.results(Parcel(part.items))
