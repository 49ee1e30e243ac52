"""When rosters come: each source's uploads, and when the next is due, as people have set it or as these let one learn.

A source is whoever sends one upload after the other: a folder of the inbox, a data set, the system that a OneRoster
upload names, or else the person who sends. What is compared with what, and what the brake counts, is by the data set
or system alone where there is one (SisImport.chain), whatever folder it lies in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.errors import Invalid
from accounts.models import Account, User
from sis.events import SisScheduleChanged
from sis.models import RosterSource, SisImport

LOOKED_AT = timedelta(days=90)
MOST = 5_000
# So many uploads tell how they come; a few in one hour are one.
ENOUGH = 5
AT_ONCE = timedelta(hours=1)
WEEK, SAME_HOUR, WEEKS = timedelta(days=7), timedelta(hours=6), 4
LONGEST_HOURS = 1_000
INBOX, COMMAND = "inbox", "command"
PERSON, FOLDER = "person ", "folder "
# When it came, its id and its state.
Upload = tuple[datetime, int, str]


@dataclass(frozen=True)
class Source:
    """A source: its key and name, its last upload, and what is expected of it (`hours` is set; None: as learnt)."""

    key: str
    name: str
    last_import: int | None
    last_state: str | None
    last_came: datetime | None
    hours: int | None
    expected_at: datetime | None
    problem: str

    @property
    def is_late(self) -> bool:
        """Whether an upload should have come by now."""
        return self.expected_at is not None and self.expected_at < timezone.now()

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of the inbox."""
        return self.key.startswith(FOLDER)

    @property
    def person(self) -> int | None:
        """The id of the person it is, if it is one."""
        return _person(self.key)


def sources_of(root: Account) -> list[Source]:
    """Return the sources of the last months, by name (two statements; three where people have sent nothing since)."""
    came: dict[str, list[Upload]] = defaultdict(list)
    names: dict[str, str] = {}
    recent = SisImport.objects.filter(account=root, created_at__gt=timezone.now() - LOOKED_AT)
    recent = recent.exclude(options__dry_run=True).exclude(workflow_state=SisImport.State.INITIALIZING)
    columns = ["pk", "created_at", "workflow_state"]
    columns += ["data__inbox__folder", "diffing_data_set_identifier", "data__source", "user_id", "user__name"]
    for pk, at, state, *said in recent.order_by("-id").values_list(*columns)[:MOST]:
        key, name = _key(*said)
        names.setdefault(key, name)
        came[key].append((at, pk, state))
    known = {one.key: one for one in RosterSource.objects.filter(account=root)}
    for key, one in known.items():
        if one.problem or one.expected_hours is not None:
            names.setdefault(key, "" if _person(key) else one.name)
    if unnamed := {pk: key for key, name in names.items() if not name and (pk := _person(key))}:
        for pk, name in User.objects.filter(pk__in=unnamed).values_list("pk", "name"):
            names[unnamed[pk]] = name
    return sorted(
        (_source(key, name, came.get(key, []), known.get(key)) for key, name in names.items()),
        key=lambda source: (source.name.casefold(), source.key),
    )


def folder_key(folder: str) -> str:
    """Return the key of a folder of the inbox; of the inbox itself for an empty one."""
    return f"{FOLDER}{folder}" if folder else INBOX


def key_of(sis_import: SisImport) -> str:
    """Return the key of the source that sends this and others one after the other; "" for what a person just sends."""
    key, _name = _key(
        sis_import.folder, sis_import.diffing_data_set_identifier, sis_import.data.get("source"), None, None
    )
    return "" if key == COMMAND else key


def _key(folder: str | None, data_set: str, source: str | None, user: int | None, name: str | None) -> tuple[str, str]:
    if folder:
        return folder_key(folder), folder
    if data_set:
        return f"set {data_set}", data_set
    if source:
        return f"system {source}", source
    return (f"{PERSON}{user}", name or "") if user else (COMMAND, _("The command line"))


def _person(key: str) -> int | None:
    return int(key.removeprefix(PERSON)) if key.startswith(PERSON) else None


def _source(key: str, name: str, came: list[Upload], known: RosterSource | None) -> Source:
    hours = known.expected_hours if known else None
    last, pk, state = came[0] if came else (None, None, None)
    expected = None
    if last and hours:
        expected = last + timedelta(hours=hours)
    elif hours and known:
        # Nothing for months.
        expected = known.updated_at + timedelta(hours=hours)
    elif last and hours is None and (wait := longest_wait(sorted(at for at, _pk, _state in came))):
        expected = last + wait
    return Source(key, name, pk, state, last, hours, expected, known.problem if known else "")


def longest_wait(came: Sequence[datetime]) -> timedelta | None:
    """Return how long after the last of these the next is due at the latest; None where they do not come regularly.

    What came a week ago, or up to four, at this hour, was followed after so long: so the night after a Friday may be a
    Monday's. A quarter of the usual time is allowed beside that, at least an hour and at most twelve.
    """
    times = [at for number, at in enumerate(came) if number == 0 or at - came[number - 1] > AT_ONCE]
    if len(times) < ENOUGH:
        return None
    gaps = [after - before for before, after in pairwise(times)]
    usual = _median(gaps)
    if sum(gap > 4 * usual for gap in gaps) * 5 > len(gaps):
        return None
    same = []
    for weeks in range(1, WEEKS + 1):
        distance, gap = min((abs(times[-1] - weeks * WEEK - at), gap) for at, gap in zip(times, gaps, strict=False))
        if distance <= SAME_HOUR:
            same.append(gap)
    allowed = min(max(usual / 4, timedelta(hours=1)), timedelta(hours=12))
    return _median(same or [usual]) + allowed


def _median(spans: Sequence[timedelta]) -> timedelta:
    return timedelta(seconds=median(span.total_seconds() for span in spans))


def set_schedule(root: Account, key: str, hours: int | None, *, by: User) -> None:
    """Expect an upload of this source within so many hours of the last: None as learnt, 0 never.

    Raises Invalid for a source that is not known, and for another number. Nothing is recorded if nothing changes.
    """
    if hours is not None and not 0 <= hours <= LONGEST_HOURS:
        message = _("Enter a number of hours from 0 to {most}.").format(most=LONGEST_HOURS)
        raise Invalid({"expected_hours": [("invalid", message)]})
    source = next((source for source in sources_of(root) if source.key == key), None)
    if source is None:
        raise Invalid({"key": [("invalid", _("There is no such source of rosters."))]})
    # The name of a person is read when it is shown.
    name = "" if source.person else source.name
    with transaction.atomic():
        known, _made = RosterSource.objects.select_for_update().get_or_create(
            account=root, key=key, defaults={"name": name}
        )
        before, known.expected_hours, known.name = known.expected_hours, hours, name
        if before != hours:
            known.save()
            record(SisScheduleChanged(before, hours, name, source.person), by=by)


def say_problem(root: Account, folder: str, problem: str) -> bool:
    """Keep why a file in this folder of the inbox could not be taken; "" once all could. Return whether that is new."""
    known = RosterSource.objects.filter(account=root, key=folder_key(folder))
    if known.exclude(problem=problem).update(problem=problem, updated_at=timezone.now()):
        return True
    if problem and not known.exists():
        RosterSource.objects.create(account=root, key=folder_key(folder), name=folder or _("Inbox"), problem=problem)
        return True
    return False


def forget_problems(root: Account, *, but: Collection[str]) -> None:
    """Forget what was wrong in folders of the inbox that are no more; these are there."""
    gone = RosterSource.objects.filter(account=root, key__startswith=FOLDER).exclude(problem="")
    gone.exclude(key__in=[folder_key(name) for name in but]).update(problem="", updated_at=timezone.now())
