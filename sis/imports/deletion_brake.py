"""The deletion brake: an import that would remove too much stops before its first row is applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.accounts import set_on_root
from accounts.errors import Invalid
from accounts.models import Account, User
from sis.events import SisBrakeChanged
from sis.kinds.kind import Brake, Kind
from sis.kinds.registry import KINDS
from sis.kinds.sql import STAGED, WAS_ADDED
from sis.models import SisImport
from sis.options import Options

# A handful of people is nobody's accident, however small the school.
TOO_FEW_TO_MIND = 10
# The statuses with which a row ends something.
ENDING = ["deleted", "deleted_last_completed", "suspended"]


def count_going(brake: Brake) -> str:
    """Return the statement that counts what would go and what is active, of what this brake is about."""
    rows = (
        f"{kind.name}_rows AS (SELECT {kind.selected} FROM {STAGED} WHERE file = ANY(%(files_{kind.name})s::int[]))"
        for kind in (KINDS[name] for name in brake.reads)
    )
    return f"WITH {', '.join(rows)}, {brake.sql}"


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


def objection_to(sis_import: SisImport, options: Options, files: dict[str, list[int]]) -> str | None:
    """Return why this import should not go on, or None: it would remove more than the root account's share of what is
    active.

    `files` are the numbers of the staged files of each kind. Looks at the staged rows only, before any is applied.
    """
    share = sis_import.account.sis_deletion_brake
    values: dict[str, Any] = {f"files_{kind}": files.get(kind, []) for kind in KINDS}
    values |= {f"batch_{kind.plural}": kind.name in files for kind in KINDS.values()}
    values |= {
        "ending": ENDING,
        "batch": options.batch_mode,
        "term": options.batch_mode_term_id,
        "multi": options.multi_term_batch_mode,
        "skip_deletes": options.skip_deletes,
        "update_sis_id": options.update_sis_id_if_login_claimed,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(any_going(KINDS[name] for name in files), values)
        if not options.batch_mode and not cursor.fetchone()[0]:
            return None
        cursor.execute(HASHING)
        found = []
        for brake in sorted((kind.brake for kind in KINDS.values() if kind.brake), key=lambda one: one.position):
            cursor.execute(count_going(brake), values)
            found.append((brake.noun, *cursor.fetchone()))
        cursor.execute(AS_BEFORE)
    for noun, going, active in found:
        if going >= TOO_FEW_TO_MIND and going * 100 > share * active:
            return _(
                "This import would remove {going} of {active} active {what}, more than the {share} % allowed at once."
            ).format(going=going, active=active, what=noun, share=share)
    return None


def set_deletion_brake(root: Account, share: int, *, by: User) -> None:
    """Let imports remove at most `share` percent at once, from the next one on. Raises Invalid for no percentage.

    Nothing is recorded when nothing changes.
    """
    if not 0 <= share <= 100:
        raise Invalid({"share": [("invalid", _("Enter a percentage from 0 to 100."))]})
    set_on_root(root, "sis_deletion_brake", share, SisBrakeChanged, by=by)
