"""The workers' part: one worker at a time has a file, and each step continues where the last one ended."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.queues.attempt import GIVEN_UP, UNEXPECTED, Failure, attempted
from billing_engine.core.queues.hold import held
from billing_engine.core.queues.queue import AT_A_TIME, Message, RowQueue, logger
from billing_engine.core.saving import save_changes, values_of
from leads.domain.imports.dry_run.rehearse import rehearse
from leads.domain.imports.store import store
from leads.domain.imports.undo import undo_all
from leads.models import FileImport

CONTINUED = "A worker ended in the middle of this. Another one continued where it had stopped."
BROKE_OFF = "An unexpected error stopped this. It was logged."

State = FileImport.State
STEPS = {State.DRY_RUNNING: rehearse, State.IMPORTING: store, State.UNDOING: undo_all}


class FileImports(RowQueue[FileImport]):
    """Files to try, to store and to undo; attempts are counted from the last progress on."""

    task = "leads.import_files"

    def waiting(self) -> QuerySet[FileImport]:
        return FileImport.objects.in_progress().select_related("source", "asked_by")

    def due(self, *, at: datetime) -> list[Message]:
        """Every import that is in progress; a worker that finds it taken leaves it."""
        return [{"item_id": pk} for pk in self.waiting().order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]]

    def work(self, item_id: int, *, at: datetime) -> bool:
        """Continue with the file for some minutes; return whether more remains."""
        with held(self.task, item_id) as is_ours:
            item = self._claim(item_id) if is_ours else None
            if item is None:
                return False
            outcome = attempted(lambda: self.act(item, at=at), what=f"{self.task} of {item_id}")
            if isinstance(outcome, Failure):
                self._fail(item_id, outcome, since=item.state)
                return False
            return outcome

    def act(self, item: FileImport, *, at: datetime) -> bool:
        """Take the step that its state asks for; return whether more remains of it."""
        return STEPS[State(item.state)](item, at=at)

    def given_up(self, item: FileImport) -> str:
        return f"{self.most_attempts} workers ended at the same place of the file, or were stopped there."

    @transaction.atomic
    def _claim(self, item_id: int) -> FileImport | None:
        item = self.waiting().select_for_update(of=("self",)).filter(pk=item_id).first()
        if item is None:
            return None
        before = values_of(item)
        if item.attempts >= (self.most_attempts or 0):
            logger.error("%s: no attempt at %s had an outcome", self.task, item_id)
            _break_off(item, Failure(GIVEN_UP, self.given_up(item)))
            save_changes(item, since=before)
            return None
        item.attempts += 1
        if item.attempts > 1:
            item.message = CONTINUED
        save_changes(item, since=before)
        return item

    @transaction.atomic
    def _fail(self, item_id: int, failure: Failure, *, since: str) -> None:
        item = FileImport.objects.select_for_update(of=("self",)).filter(pk=item_id, state=since).first()
        if item is None:  # stopped in the meantime
            return
        before = values_of(item)
        _break_off(item, failure)
        save_changes(item, since=before)


FILE_IMPORTS = FileImports()


def _break_off(item: FileImport, failure: Failure) -> None:
    """Tell why, and let a person decide; what is stored stays stored."""
    item.message = BROKE_OFF if failure.code == UNEXPECTED else failure.words
    if item.state == State.DRY_RUNNING:
        item.state = State.LOOKED
    elif item.state == State.IMPORTING:
        item.state = State.FAILED
    else:  # nothing was undone
        item.state = State.DONE if item.finished_at else State.STOPPED
