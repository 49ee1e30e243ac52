"""What is recorded of rosters in and of links out: one dataclass for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.domain.events import SettingChanged
from accounts.models.audit import Action, Event, Person, Text


@dataclass(frozen=True)
class SisImportStarted(Event, action=Action.SIS_IMPORT_STARTED):
    sentence = _("%(who)s imported rosters.")

    sis_import: int
    file: str


@dataclass(frozen=True)
class SisImportEnded(Event, action=Action.SIS_IMPORT_ENDED):
    """With what it counted, where it came to count anything."""

    sentence = _("The roster import by %(who)s has ended.")

    sis_import: int
    state: str
    counts: dict[str, int] | None = None


@dataclass(frozen=True)
class SisImportRestored(Event, action=Action.SIS_IMPORT_RESTORED):
    """With the options that limit what is taken back."""

    sentence = _("%(who)s undid changes of a roster import.")

    sis_import: int
    wanted: dict[str, bool]


@dataclass(frozen=True)
class SisBrakeChanged(SettingChanged, action=Action.SIS_BRAKE_CHANGED):
    sentence = _("%(who)s changed the deletion brake of roster imports.")


@dataclass(frozen=True)
class ReportDownloaded(Event, action=Action.REPORT_DOWNLOADED):
    """A provisioning report, with its files."""

    sentence = _("%(who)s downloaded a report of the institution.")

    files: list[str]


@dataclass(frozen=True)
class SisScheduleChanged(SettingChanged, action=Action.SIS_SCHEDULE_CHANGED):
    """Within how many hours of the last another upload of this `source` is expected (None: as learnt, 0: never).

    Where a person is the source, it is recorded by their id alone: names change, and are forgotten.
    """

    sentence = _("%(who)s changed when rosters from “%(source)s” are expected.")
    of_person: ClassVar[Text] = _("%(who)s changed when rosters from %(person)s are expected.")

    source: str
    person: Person | None = None

    def told(self, *, own: bool) -> Text:
        """Return the sentence for its kind of source."""
        return self.of_person if self.person else super().told(own=own)


@dataclass(frozen=True)
class LinksExported(Event, action=Action.LINKS_EXPORTED):
    sentence = _("%(who)s exported all observer links.")
