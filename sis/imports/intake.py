"""Taking an upload in: stored, checked for what can be seen at once, queued; or a stored one once more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import IO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Account, User
from courses.models import Term
from sis.access import check_takes_rosters
from sis.imports.queue import ask_for_work
from sis.models import SisImport
from sis.options import DIFFING_DROP_STATUSES, DROP_STATUSES, USER_REMOVE_STATUSES, Options
from sis.upload.storage import opened, store, uploads

LONGEST_IDENTIFIER = 128


def check(options: Options) -> None:
    """Raises Invalid for options that contradict one another or name what is not there."""
    problem = None
    if options.batch_mode and not options.multi_term_batch_mode and not _term_lives(options.batch_mode_term_id):
        problem = ("batch_mode_term_id", _("Batch mode needs a term: send the batch_mode_term_id of an existing one."))
    elif options.multi_term_batch_mode and not options.change_threshold:
        problem = ("change_threshold", _("Batch mode for several terms needs a change_threshold."))
    elif options.diffing_drop_status not in DIFFING_DROP_STATUSES:
        problem = ("diffing_drop_status", _("This diffing_drop_status is unknown."))
    elif options.diffing_user_remove_status not in USER_REMOVE_STATUSES:
        problem = ("diffing_user_remove_status", _("This diffing_user_remove_status is unknown."))
    elif options.batch_mode_enrollment_drop_status not in DROP_STATUSES:
        problem = ("batch_mode_enrollment_drop_status", _("This batch_mode_enrollment_drop_status is unknown."))
    elif len(options.diffing_data_set_identifier) > LONGEST_IDENTIFIER:
        problem = ("diffing_data_set_identifier", _("A diffing_data_set_identifier can have at most 128 characters."))
    elif options.change_threshold is not None and not 1 <= options.change_threshold <= 100:
        problem = ("change_threshold", _("A change_threshold is a percentage from 1 to 100."))
    if problem:
        raise Invalid({problem[0]: [("invalid", problem[1])]})


def _term_lives(term_id: int | None) -> bool:
    return term_id is not None and Term.objects.filter(pk=term_id, workflow_state=Term.State.ACTIVE).exists()


def create_import(
    root: Account,
    upload: IO[bytes],
    file_name: str,
    options: Options,
    *,
    by: User | None,
    inbox: Mapping[str, str] | None = None,
) -> SisImport:
    """Store `upload` (read to its end, piece by piece) as an import that waits; `inbox` says where it was taken from.

    Raises Invalid for bad options, and for an account that is not the root account.

    One that is aborted while it arrives stays so, and nothing of it is kept.
    """
    check_takes_rosters(root)
    check(options)
    made = SisImport.objects.create(
        account=root,
        user=by,
        actor=by.actor if by else None,
        options=options.as_json(),
        diffing_data_set_identifier=options.diffing_data_set_identifier,
        data={"import_type": "instructure_csv", **({"inbox": dict(inbox)} if inbox else {})},
        file_name=_plain(file_name),
    )
    try:
        made.stored_file = store(made, upload)
    except BaseException:
        made.delete()
        raise
    with transaction.atomic():
        arriving = SisImport.objects.filter(pk=made.pk, workflow_state=SisImport.State.INITIALIZING)
        if arriving.update(
            stored_file=made.stored_file, workflow_state=SisImport.State.CREATED, updated_at=timezone.now()
        ):
            ask_for_work()
        else:
            uploads().delete(made.stored_file)
    made.refresh_from_db()
    return made


def _plain(name: str) -> str:
    """Return the last part of a file name, without anything that a path or a header could take for something else."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w.() -]", "_", last).strip(". ")[-200:] or f"upload-{timezone.now():%Y%m%d}"


RAN_THROUGH = (*SisImport.ENDED_WELL, SisImport.State.FAILED_WITH_MESSAGES)


def may_be_repeated(sis_import: SisImport) -> bool:
    """Return whether nothing came of it yet: it was a dry run that ended, or the brake stopped it."""
    looked_only = bool(sis_import.options.get("dry_run")) and sis_import.workflow_state in RAN_THROUGH
    return bool(sis_import.stored_file) and sis_import.has_ended and (sis_import.was_braked or looked_only)


def repeat(sis_import: SisImport, *, dry_run: bool, by: User) -> SisImport:
    """Create a new import of the same stored file with the same options, for good or as a dry run.

    The brake is passed over only by what it has stopped before: whoever repeats that has seen the numbers. Raises
    Invalid when the import is none to repeat, its file is kept no more, or its options name what is gone.
    """
    if not may_be_repeated(sis_import):
        raise Invalid({"id": [("invalid", _("This import cannot be repeated. Upload the file again."))]})
    options = Options.from_json(sis_import.options)
    options = replace(options, dry_run=dry_run, ignore_deletion_brake=sis_import.was_braked and not dry_run)
    try:
        with opened(sis_import) as upload:
            return create_import(sis_import.account, upload, sis_import.file_name, options, by=by)
    except FileNotFoundError:
        message = _("The file is no longer stored. Upload it again.")
        raise Invalid({"id": [("gone", message)]}) from None
