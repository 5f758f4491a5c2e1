"""Delete the bytes of uploaded files after some days; the counts and the faults by kind stay."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.saving import save_changes, values_of
from leads.domain.imports.kept_files import forget, nameless
from leads.domain.imports.tally import without_examples
from leads.models import FileImport

FILE_EXPIRED = Verb("import_file_expired", "File deleted after its time")


def expire_files(*, at: datetime) -> int:
    """Delete what is older than the setting allows, and what an upload that broke off left behind; return how many."""
    until = at - timedelta(days=settings.IMPORT_FILE_DAYS)
    old = FileImport.objects.filter(uploaded_at__lt=until).exclude(kept_as="")
    expired = [_expire(pk) for pk in old.order_by("pk").values_list("pk", flat=True)]
    named = FileImport.objects.exclude(kept_as="").values_list("kept_as", "faulty_as")
    lost = nameless({name for names in named for name in names}, at=at)
    for name in lost:
        forget(name)
    return sum(expired) + len(lost)


@transaction.atomic
def _expire(pk: int) -> bool:
    """Delete the bytes of one, unless a worker has it."""
    item = FileImport.objects.select_for_update(of=("self",)).get(pk=pk)
    if item in FileImport.objects.in_progress() or not item.kept_as:
        return False
    before, names = values_of(item), [item.kept_as, item.faulty_as]
    item.found = {**item.found, "rows": []}
    item.kept_as, item.faulty_as = "", ""
    item.dry_run, item.result = without_examples(item.dry_run), without_examples(item.result)
    if item.state in (FileImport.State.LOOKED, FileImport.State.READY):
        item.state = FileImport.State.DISCARDED
    save_changes(item, since=before)
    record(FILE_EXPIRED, on=item, by=None)
    transaction.on_commit(lambda: forget(*names))
    return True
