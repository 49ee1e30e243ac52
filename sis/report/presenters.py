"""What came of an import, kind by kind, in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sis.kinds.registry import KINDS
from sis.models import SisImport

State = SisImport.State
SENTENCES: dict[str, str | Promise] = {
    State.INITIALIZING: gettext_lazy("The file is being received."),
    State.CREATED: gettext_lazy("Waiting its turn: only one import runs at a time."),
    State.IMPORTING: gettext_lazy("The import is running. You can leave this page."),
    State.CLEANUP_BATCH: gettext_lazy("Removing records that the files no longer list."),
    State.IMPORTED: gettext_lazy("All rows were imported."),
    State.IMPORTED_WITH_MESSAGES: gettext_lazy("Done. See the warnings below."),
    State.ABORTED: gettext_lazy("The import was stopped. Everything imported before stays; the rest was not touched."),
    State.FAILED: gettext_lazy("The import failed."),
    State.FAILED_WITH_MESSAGES: gettext_lazy(
        "Some of the upload could not be used. The rest was imported; see the errors."
    ),
    State.RESTORING: gettext_lazy("The import is being undone. You can leave this page."),
    State.PARTIALLY_RESTORED: gettext_lazy(
        "The import was partly undone. Records that someone has changed since, and those you did "
        "not ask for, stay as they are."
    ),
    State.RESTORED: gettext_lazy("The import was undone."),
}
LOOKED_SENTENCES: dict[str, str | Promise] = {
    State.IMPORTING: gettext_lazy("The dry run is running. You can leave this page. Nothing will be saved."),
    State.IMPORTED: gettext_lazy("This was a dry run, so nothing was saved. See below what an import would do."),
    State.IMPORTED_WITH_MESSAGES: gettext_lazy(
        "This was a dry run, so nothing was saved. See below what an import would do, and its warnings."
    ),
    State.ABORTED: gettext_lazy("The dry run was stopped. Nothing was saved."),
    State.FAILED_WITH_MESSAGES: gettext_lazy(
        "This was a dry run, so nothing was saved. Some of the upload could not be used; see the errors."
    ),
}
LOOKED_LABELS: dict[str, str | Promise] = {
    State.IMPORTED: gettext_lazy("All good"),
    State.IMPORTED_WITH_MESSAGES: gettext_lazy("With warnings"),
    State.FAILED_WITH_MESSAGES: gettext_lazy("With errors"),
}
GOOD = (State.IMPORTED, State.RESTORED)
BAD = (State.FAILED, State.FAILED_WITH_MESSAGES)
DOUBTFUL = (State.IMPORTED_WITH_MESSAGES, State.ABORTED, State.PARTIALLY_RESTORED)


@dataclass(frozen=True)
class Line:
    """What came of one kind of record: the rows taken, and how many records changed their state which way."""

    label: str | Promise
    taken: int
    created: int
    restored: int
    ended: int
    deleted: int

    def __str__(self) -> str:
        told = [
            _("{number} created").format(number=self.created) if self.created else "",
            _("{number} restored").format(number=self.restored) if self.restored else "",
            _("{number} ended").format(number=self.ended) if self.ended else "",
            _("{number} removed").format(number=self.deleted) if self.deleted else "",
        ]
        return f"{self.label}: {', '.join(filter(None, told))}"

    @property
    def changes_states(self) -> bool:
        return bool(self.created or self.restored or self.ended or self.deleted)


@dataclass(frozen=True)
class Told:
    """What a dry run found of one kind of record: for each of made, changed, removed the number and some examples."""

    label: str | Promise
    parts: list[tuple[str, int, Sequence[str], int]] = field(default_factory=list)


def lines_of(sis_import: SisImport) -> list[Line]:
    """Return the kinds that the import had rows of, or changed something of."""
    counts, statistics = sis_import.data.get("counts", {}), sis_import.data.get("statistics", {})
    found = []
    for kind in KINDS.values():
        states: dict[str, int] = statistics.get(kind.class_name, {})
        line = Line(
            kind.label,
            counts.get(kind.plural, 0),
            states.get("created", 0),
            states.get("restored", 0),
            states.get("concluded", 0) + states.get("deactivated", 0),
            states.get("deleted", 0),
        )
        if line.taken or line.changes_states:
            found.append(line)
    return found


def told_of(sis_import: SisImport) -> list[Told]:
    """Return what a dry run would do, of each kind it would do something to."""
    words = {"created": _("would be created"), "changed": _("would be changed"), "removed": _("would be removed")}
    found = []
    labels = {kind.plural: kind.label for kind in KINDS.values()}
    for plural, told in sis_import.report.items():
        parts = [(word, *_numbers(told[what])) for what, word in words.items() if told[what]["count"]]
        if parts:
            found.append(Told(labels.get(plural, plural), parts))
    return found


def _numbers(told: dict[str, Any]) -> tuple[int, Sequence[str], int]:
    return told["count"], told["examples"], told["count"] - len(told["examples"])


def summary_of(sis_import: SisImport) -> str:
    """Return what was made, brought back, ended and removed, in one sentence; empty for nothing."""
    told = [str(line) for line in lines_of(sis_import) if line.changes_states]
    return "; ".join(told) + "." if told else ""


def sentence_of(sis_import: SisImport) -> str:
    """Return where the import stands, in a sentence."""
    if sis_import.was_braked:
        if sis_import.resume_n:
            return _("The deletion brake stopped it before batch mode removed anything. The rows were imported.")
        return _("The deletion brake stopped it before the first row. Nothing was changed.")
    if sis_import.workflow_state == State.FAILED_WITH_MESSAGES and not sis_import.data.get("supplied_batches"):
        return _("Nothing of the upload could be used; see the errors.")
    own = LOOKED_SENTENCES if sis_import.options.get("dry_run") else {}
    return str(own.get(sis_import.workflow_state) or SENTENCES[sis_import.workflow_state])


def silence_of(sis_import: SisImport) -> str:
    """Return what it means that an import has nothing to say."""
    if sis_import.workflow_state == State.ABORTED and sis_import.started_at is None:
        return _("None. The import was stopped before it began.")
    if sis_import.workflow_state == State.ABORTED:
        return _("None so far. The import was stopped before it had come to the last row.")
    return _("None. Every row is correct.")


def label_of(sis_import: SisImport) -> str:
    """Return the outcome in a word or two."""
    if sis_import.was_braked:
        return _("Stopped by the brake")
    own = LOOKED_LABELS if sis_import.options.get("dry_run") else {}
    return str(own.get(sis_import.workflow_state) or State(sis_import.workflow_state).label)


def badge_of(sis_import: SisImport) -> str:
    """Return the class of the badge that goes with it."""
    state = sis_import.workflow_state
    if state in BAD:
        return "badge--danger"
    if state in DOUBTFUL:
        return "badge--warning"
    return "badge--accent" if state in GOOD else ""


def kinds_supplied(sis_import: SisImport) -> list[str]:
    """Return the kinds of files that the upload held, in words."""
    found = (KINDS[name] for name in sis_import.data.get("supplied_batches", []) if name in KINDS)
    return [str(kind.label) for kind in found]


OPTION_WORDS: dict[str, str | Promise] = {
    "dry_run": gettext_lazy("Dry run"),
    "override_sis_stickiness": gettext_lazy("Overwrites changes made by hand"),
    "add_sis_stickiness": gettext_lazy("Marks its changes as made by hand"),
    "clear_sis_stickiness": gettext_lazy("Clears the marks of changes made by hand"),
    "skip_deletes": gettext_lazy("Skips rows that delete"),
    "update_sis_id_if_login_claimed": gettext_lazy("Gives people found by login the SIS ID of the row"),
    "batch_mode": gettext_lazy("Removes records no longer listed (batch mode)"),
    "multi_term_batch_mode": gettext_lazy("In all terms of the terms file"),
    "diffing_remaster_data_set": gettext_lazy("Not compared with the previous data set"),
    "ignore_deletion_brake": gettext_lazy("Ignores the deletion brake"),
}


def options_of(sis_import: SisImport) -> list[str]:
    """Return what the import was asked to do beside importing, in words."""
    found = [str(words) for name, words in OPTION_WORDS.items() if sis_import.options.get(name)]
    if name := sis_import.diffing_data_set_identifier:
        found.append(_("Data set “{name}”").format(name=name))
    if threshold := sis_import.options.get("change_threshold"):
        found.append(_("Change threshold {percent} %").format(percent=threshold))
    return found
