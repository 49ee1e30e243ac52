"""What is left to do once the rows of all files have been applied, and before what goes only after them does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from sis.kinds.chunks import Round, Run
from sis.kinds.kind import Going
from sis.kinds.registry import KINDS
from sis.kinds.staging import StagedFile

LAST_TO_GO = (Going.AFTER_ALL_FILES, Going.AFTER_ALL_FILES_BACKWARDS)


def last_before_those_to_go_last(files: Sequence[StagedFile]) -> int:
    """Return the position of the last file that is none of those whose rows go after all files; -1 where all are."""
    return max((position for position, file in enumerate(files) if file.kind.going not in LAST_TO_GO), default=-1)


def settle(files: Sequence[StagedFile], run: Run, *, save: Callable[[], None]) -> None:
    """Do what the kinds of these files leave to be done, each in a transaction in which `save` is called too."""
    there = {file.kind.name for file in files}
    for kind in KINDS.values():
        if kind.settle and not kind.settles.isdisjoint(there):
            with transaction.atomic():
                kind.settle(Round(run, kind, frozenset(), 0, 0))
                save()
