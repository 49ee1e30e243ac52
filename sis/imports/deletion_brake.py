"""The deletion brake: an import that would remove too much stops before its first row is applied."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.domain.accounts import set_on_root
from accounts.errors import Invalid
from accounts.models import Account, User
from sis.events import SisBrakeChanged
from sis.files.problems import MalformedFile
from sis.files.tables import RosterFile
from sis.imports.batch_mode import count_unlisted
from sis.imports.changed_ids import CHANGES
from sis.kinds.kind import Brake, Kind
from sis.kinds.registry import KINDS
from sis.kinds.sql import STAGED, WAS_ADDED, chain_in_sql
from sis.kinds.staging import StagedFile
from sis.models import SisImport
from sis.options import Options

# What people made here by hand is of no source, and often so little that a share of it says nothing.
TOO_FEW_MADE_BY_HAND = 10
# The statuses with which a row ends something.
ENDING = ["deleted", "deleted_last_completed", "suspended", "inactive"]
# What imports removed so lately counts too: a nightly upload does not add to that of the night before, but several
# small ones in a row do not pass where one would not.
LATELY = timedelta(hours=20)
BY_HAND = "by hand"

# Each record is of the source of the import that touched it last: its chain of data sets, or else the folder of the
# inbox that it lay in, or whoever sent it.
SOURCES = f"""sources AS (
    SELECT id, {chain_in_sql("made")} AS chain,
           coalesce('folder ' || (data #>> '{{inbox,folder}}'), user_id::text, '') AS sender
    FROM sis_sisimport AS made
)"""
COUNT = f"""gone AS (SELECT id, bool_and(added) AS added FROM going GROUP BY id)
SELECT CASE WHEN live.sis_import_id IS NULL THEN '{BY_HAND}' WHEN last.chain <> '' THEN 'chain ' || last.chain
            ELSE 'sender ' || last.sender END,
       count(gone.id), count(gone.id) FILTER (WHERE gone.added), count(*)
FROM live LEFT JOIN gone ON gone.id = live.id LEFT JOIN sources AS last ON last.id = live.sis_import_id GROUP BY 1"""


OWN_TEXT = gettext_lazy(
    "This import would remove {going} of {active} active {what} from its own source, more than the {share} % allowed at"
    " once."
)
OTHER_TEXT = gettext_lazy(
    "This import would remove {going} of {active} active {what} from another source, more than the {share} % allowed at"
    " once."
)
BY_HAND_TEXT = gettext_lazy(
    "This import would remove {going} of {active} active {what} that were made by hand, more than the {share} % allowed"
    " at once."
)
REPLACED_TEXT = gettext_lazy(
    "{number} of these IDs stand beside another name, login and email address, as if they were other people's."
)
UNLISTED_TEXT = gettext_lazy(
    "Batch mode would remove {going} of {active} active {what} in its terms, more than the {share} % allowed at once."
)


def allowed(active: int, share: int) -> int:
    """Return how many of so many may go at once: the share, rounded up, so that of a few one may always go."""
    return -(-active * share // 100)


def _source_of(sis_import: SisImport) -> str:
    """Return the source of an import, as COUNT names those of records."""
    if sis_import.chain:
        return f"chain {sis_import.chain}"
    return f"sender folder {sis_import.folder}" if sis_import.folder else f"sender {sis_import.user_id or ''}"


class Figures(NamedTuple):
    """Of one source: how much would go, how much of that because it is not listed any more, and how much it has."""

    going: int = 0
    added: int = 0
    active: int = 0


# By their sources
Measured = dict[str, Figures]


def count_going(brake: Brake) -> str:
    """Return the statement that gives (source, *Figures) of what this brake is about."""
    return f"WITH {', '.join(map(rows_of, brake.reads))}, {SOURCES}, {brake.sql}, {COUNT}"


def count_replaced() -> str:
    """Return the statement that counts whose record another person would get."""
    return f"WITH {rows_of('user')}, {KINDS['user'].sql.parts['replaced']} SELECT count(DISTINCT id) FROM replaced"


def rows_of(kind: str) -> str:
    """Return the staged rows of a kind as a common table expression."""
    selected = f"SELECT {KINDS[kind].selected} FROM {STAGED} WHERE file = ANY(%(files_{kind})s::int[])"
    return f"{kind}_rows AS ({selected})"


def any_going(kinds: Iterable[Kind]) -> str:
    """Return the statement that says whether any row of these kinds, or any that was added, ends something."""
    ending = [
        f"(file = ANY(%(files_{kind.name})s::int[]) AND {kind.cell('status')} = ANY(%(ending)s))"
        for kind in kinds
        if "status" in kind.columns
    ]
    return f"SELECT EXISTS (SELECT 1 FROM {STAGED} WHERE {' OR '.join([WAS_ADDED, *ending])})"


# All joins are by what is equal, and so take time in proportion; the database knows too little of the staged rows to
# choose between hashing them and going through them again for each.
HASHING = "SET LOCAL enable_nestloop = off"
AS_BEFORE = "SET LOCAL enable_nestloop TO DEFAULT"


def kinds_that_come_empty(files: list[RosterFile], staged: list[StagedFile], options: Options) -> set[str]:
    """Return the kinds of which an upload has files, but no row that stands, while what they do not list would go.

    The first row that stands answers for a file, and files of which nothing would go are not looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT file FROM {STAGED} WHERE {WAS_ADDED}", [])
        added = {index for (index,) in cursor.fetchall()}
    doubtful = {one.kind.name for one in staged if one.index in added or (options.batch_mode and one.kind.batch_mode)}
    return {name for name in doubtful if not any(_has_rows(file) for file in files if file.kind == name)}


def _has_rows(file: RosterFile) -> bool:
    try:
        return any((row.cells.get("status") or "").lower() not in ENDING for row in file.rows())
    except MalformedFile:
        # It is left out, and nothing follows from that.
        return True


def may_end(files: dict[str, list[int]], options: Options) -> bool:
    """Return whether an import with these staged files, by kind, may remove anything at all: most only add."""
    if options.batch_mode or CHANGES in files:
        return True
    values = {f"files_{kind}": indexes for kind, indexes in files.items()}
    with connection.cursor() as cursor:
        cursor.execute(any_going(KINDS[name] for name in files), {**values, "ending": ENDING})
        return cursor.fetchone()[0] or bool("user" in files and _replaced(files))


def _replaced(files: dict[str, list[int]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(count_replaced(), {"files_user": files.get("user", [])})
        return int(cursor.fetchone()[0])


def objection_to(
    sis_import: SisImport, options: Options, files: dict[str, list[int]], *, empty: Container[str]
) -> str | None:
    """Return why this import should not go on, or None; look at the staged rows, whose ids are those of now.

    It would remove more than the root account's share of what its source has, or any other; or all of a kind that it
    lists no more. `files` are the numbers of the staged files of each kind, `empty` are the kinds that come empty. What
    will be removed is noted in the import (not saved), for those that follow soon.
    """
    values: dict[str, Any] = {f"files_{kind}": files.get(kind, []) for kind in KINDS}
    values |= {f"batch_{kind.plural}": kind.name in files for kind in KINDS.values()}
    values |= {
        "chain": sis_import.chain,
        "batch": options.batch_mode,
        "term": options.batch_mode_term_id,
        "multi": options.multi_term_batch_mode,
        "skip_deletes": options.skip_deletes,
        "update_sis_id": options.update_sis_id_if_login_claimed,
    }
    found: dict[str, Measured] = {}
    braked = {kind.name: kind.brake for kind in KINDS.values() if kind.brake}
    in_order = sorted(braked, key=lambda name: braked[name].position)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HASHING)
        for name in in_order:
            cursor.execute(count_going(braked[name]), values)
            found[name] = {source: Figures(*figures) for source, *figures in cursor.fetchall()}
        cursor.execute(AS_BEFORE)
    own = _source_of(sis_import)
    share, lately = sis_import.account.sis_deletion_brake, _removed_lately(sis_import)
    for kind in KINDS.values():
        if kind.name in empty and (objection := _all_of(kind, found.get(kind.name), own)):
            return objection
    for name in in_order:
        if objection := _too_many(braked[name].noun, found[name], own, share, lately[name]):
            replaced = _replaced(files) if name == "user" else 0
            return f"{objection} {str(REPLACED_TEXT).format(number=replaced)}" if replaced else objection
    sis_import.data["removing"] = {
        name: {source: one.going for source, one in measured.items() if one.going} for name, measured in found.items()
    }
    return None


def _removed_lately(sis_import: SisImport) -> dict[str, Counter[str]]:
    """Return by kind and source what earlier imports removed lately, after the last that ignored the brake."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    before = SisImport.objects.filter(account=sis_import.account_id, pk__lt=sis_import.pk, options__dry_run=False)
    before = before.filter(started_at__gt=timezone.now() - LATELY).exclude(workflow_state=SisImport.State.RESTORED)
    for ignoring, removing in before.order_by("-pk").values_list("options__ignore_deletion_brake", "data__removing"):
        if ignoring:
            break
        for name, of_kind in (removing or {}).items():
            found[name].update(of_kind)
    return found


def _of_source(measured: Measured, own: str) -> Figures:
    """Return the figures of the import's own source, with what it had and others have touched since."""
    mine = measured.get(own, Figures())
    drifted = sum(one.added for source, one in measured.items() if source not in (own, BY_HAND))
    return Figures(mine.going + drifted, mine.added + drifted, mine.active + drifted)


def _all_of(kind: Kind, measured: Measured | None, own: str) -> str | None:
    if measured is None or not kind.brake:
        return _("This import no longer lists anything of the kind “{kind}”.").format(kind=kind.label)
    going, _added, active = _of_source(measured, own)
    if not going:
        return None
    return _("This import no longer lists any {what} and would remove {going} of {active} active {what}.").format(
        what=kind.brake.noun, going=going, active=active
    )


def _too_many(noun: str | Promise, measured: Measured, own: str, share: int, lately: Mapping[str, int]) -> str | None:
    """Return what is said of the first source of which too much would go, the import's own before others."""
    for source, one in {own: _of_source(measured, own), **{s: one for s, one in measured.items() if s != own}}.items():
        before = lately.get(source, 0)
        if not one.going or one.going + before <= allowed(one.active + before, share):
            continue
        if source == BY_HAND and one.going + before < TOO_FEW_MADE_BY_HAND:
            continue
        text = OWN_TEXT if source == own else BY_HAND_TEXT if source == BY_HAND else OTHER_TEXT
        said = str(text).format(going=one.going, active=one.active, what=noun, share=share)
        if before:
            hours = int(LATELY.total_seconds()) // 3600
            said += " " + _("Earlier imports removed {before} in the last {hours} hours.").format(
                before=before, hours=hours
            )
        return said
    return None


def objection_to_unlisted(sis_import: SisImport, options: Options, files: list[StagedFile]) -> str | None:
    """Return why batch mode should not remove what is listed no more, or None; asked when all rows have been applied.

    That is more than the share of what is live in its terms. Rows that were refused do not list anything, which nobody
    knows before.
    """
    share = sis_import.account.sis_deletion_brake
    for one, live, stale in count_unlisted(sis_import, options, files):
        if stale > allowed(live, share):
            return str(UNLISTED_TEXT).format(going=stale, active=live, what=one.noun, share=share)
    return None


def set_deletion_brake(root: Account, share: int, *, by: User) -> None:
    """Let imports remove at most `share` percent at once, from the next one on. Raises Invalid for no percentage.

    Nothing is recorded when nothing changes.
    """
    if not 0 <= share <= 100:
        raise Invalid({"share": [("invalid", _("Enter a percentage from 0 to 100."))]})
    set_on_root(root, "sis_deletion_brake", share, SisBrakeChanged, by=by)
