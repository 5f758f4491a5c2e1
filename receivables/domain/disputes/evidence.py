"""Files that are sent as evidence: of few kinds, bounded, checked by what they hold, and kept with their digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath

from django.db.models import Sum

from billing_engine.core.errors import FieldFault, HasFaults
from receivables.models import DisputeFile, DisputeStep
from receivables.models.dispute import FILE_BYTES

MOST_FILES = 5
MOST_BYTES = 100_000_000  # of one dispute
NAME_LENGTH = 200
# By the end of the name: the type that we send it with, and how the file begins; text has no such beginning.
KINDS: dict[str, tuple[str, bytes]] = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".eml": ("message/rfc822", b""),
    ".txt": ("text/plain", b""),
}
KINDS_IN_WORDS = "PDF, PNG, JPEG, EML or TXT"


class EvidenceHasFaults(HasFaults):
    """A file is too large, empty, or of another kind than its name says."""

    code = "evidence_has_faults"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file as it was sent."""

    name: str
    content: bytes


def keep(files: Sequence[Evidence], step: DisputeStep) -> list[DisputeFile]:
    """Store the files of a step; raise EvidenceHasFaults, and then none is stored."""
    faults = [fault for file in files for fault in _faults(file)]
    if len(files) > MOST_FILES:
        faults.append(FieldFault("files", "too_many_files", f"Send at most {MOST_FILES} files at a time."))
    if faults:
        raise EvidenceHasFaults(faults)
    _check_room(files, step)
    digests = {(file.name, sha256(file.content).hexdigest()): file for file in files}
    return DisputeFile.objects.bulk_create(
        DisputeFile(
            step=step,
            name=name,
            content_type=KINDS[_ending(name)][0],
            size=len(file.content),
            sha256=digest,
            content=file.content,
        )
        for (name, digest), file in digests.items()
    )


def _check_room(files: Sequence[Evidence], step: DisputeStep) -> None:
    """Refuse to fill the database by answering again and again; the dispute is locked or new."""
    before = DisputeFile.objects.filter(step__dispute=step.dispute_id).aggregate(sum=Sum("size"))["sum"] or 0
    if files and before + sum(len(file.content) for file in files) > MOST_BYTES:
        words = f"A dispute has at most {MOST_BYTES // 1_000_000} MB of files."
        raise EvidenceHasFaults([FieldFault("files", "too_many_bytes", words)])


def _faults(file: Evidence) -> list[FieldFault]:
    def fault(code: str, words: str) -> list[FieldFault]:
        return [FieldFault("files", code, f"{file.name[:NAME_LENGTH]}: {words}")]

    if len(file.name) > NAME_LENGTH:
        return fault("name_is_too_long", f"the name has more than {NAME_LENGTH} characters.")
    if not file.name.isprintable() or "/" in file.name or "\\" in file.name:
        return fault("bad_name", "the name has characters that no file name has.")
    if _ending(file.name) not in KINDS:
        return fault("wrong_kind", f"send {KINDS_IN_WORDS}.")
    if not file.content:
        return fault("empty_file", "the file is empty.")
    if len(file.content) > FILE_BYTES:
        return fault("file_is_too_large", f"the file has more than {FILE_BYTES // 1_000_000} MB.")
    begins = KINDS[_ending(file.name)][1]
    is_text = not begins and b"\0" not in file.content
    if not is_text and not (begins and file.content.startswith(begins)):
        return fault("not_what_it_says", f"the file is not {_ending(file.name)[1:].upper()}.")
    return []


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()
