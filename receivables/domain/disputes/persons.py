"""Disputes as a place that may hold a person's data: words, and files that were sent as evidence."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from django.db.models import Q, QuerySet
from django.urls import reverse

from leads.domain.people.person import ERASED, Person
from leads.domain.people.places import Held, Hold, note_redaction
from leads.models import Erasure
from receivables.models import Dispute, DisputeFile, DisputeStep

STEP, FILE = "dispute_step", "dispute_file"
AS_TEXT = ("text/plain", "message/rfc822")


class Disputes:
    """The disputes of a person's charges, and those whose words or files name the person."""

    name = "disputes"

    def held(self, person: Person, leads: Sequence[int]) -> Iterator[Held]:
        """Yield the steps and files that hold data of the person."""
        for step in self._steps(person, leads):
            dispute = step.dispute
            address = reverse("admin:receivables_dispute_change", args=[dispute.pk])
            yield Held(f"{dispute}: {step.get_kind_display().lower()}", address, {"at": step.at, "words": step.words})
        for file in self._files(person, leads):
            address = reverse("admin:receivables_dispute_change", args=[file.step.dispute_id])
            yield Held(f"{file.step.dispute}: {file.name}", address, {"file": file.name, "sha256": file.sha256})

    def erase(self, erasure: Erasure, person: Person, leads: Sequence[int]) -> int:
        """Redact the words; replace files, of which only text can be redacted."""
        steps, files = list(self._steps(person, leads)), list(self._files(person, leads))
        words = person.words()
        if words is None:
            return 0
        note_redaction(erasure, STEP, [(step.pk, sha256(step.words.encode()).hexdigest()) for step in steps])
        for step in steps:
            step.words = words.sub(ERASED, step.words)
            step.save(update_fields=["words"])
        note_redaction(erasure, FILE, [(file.pk, file.sha256) for file in files])
        for file in files:
            text = bytes(file.content).decode(errors="replace") if file.content_type in AS_TEXT else ""
            file.content = (words.sub(ERASED, text) or ERASED).encode()
            file.name = words.sub(ERASED, file.name)
            file.save(update_fields=["content", "name"])
        return len(steps) + len(files)

    def hold(self, leads: Sequence[int]) -> Hold | None:
        """An open dispute about the person's charges needs the evidence, until it is decided."""
        disputes = Dispute.objects.undecided().filter(charges__action__lead__in=list(leads)).order_by("-decide_by")
        last = disputes.select_related("customer").first()
        return Hold(f"{last} is open: its evidence is needed until it is decided.", last.decide_by) if last else None

    def _steps(self, person: Person, leads: Sequence[int]) -> Iterator[DisputeStep]:
        """The steps whose words name the person, by name only in disputes about the person's charges."""
        about, words, contacts = self._about(leads), person.words(), person.contacts()
        if words is None:
            return
        named = Q(dispute__in=about) | person.in_column("words")
        for step in DisputeStep.objects.filter(named).select_related("dispute__customer").order_by("pk"):
            looked_for = words if step.dispute_id in about else contacts
            if looked_for is not None and looked_for.search(step.words):
                yield step

    def _files(self, person: Person, leads: Sequence[int]) -> Iterator[DisputeFile]:
        """Text files that name the person, and the other files of disputes about the person's charges."""
        about, words, contacts = self._about(leads), person.words(), person.contacts()
        for file in self._every_file(about).iterator(50):
            is_about = file.step.dispute_id in about
            if file.content_type not in AS_TEXT:
                yield from [file] if is_about and bytes(file.content) != ERASED.encode() else []
                continue
            looked_for, text = words if is_about else contacts, bytes(file.content).decode(errors="replace")
            if looked_for is not None and (looked_for.search(text) or looked_for.search(file.name)):
                yield file

    @staticmethod
    def _every_file(about: set[int]) -> QuerySet[DisputeFile]:
        wanted = Q(step__dispute__in=about) | Q(content_type__in=AS_TEXT)
        return DisputeFile.objects.filter(wanted).select_related("step__dispute__customer").order_by("pk")

    @staticmethod
    def _about(leads: Sequence[int]) -> set[int]:
        found = Dispute.objects.filter(charges__action__lead__in=list(leads))
        return set(found.values_list("pk", flat=True))
