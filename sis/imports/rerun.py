"""Importing a stored upload once more: after a dry run, or although the deletion brake stopped it."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from sis.imports.intake import create_import
from sis.models import SisImport
from sis.options import Options
from sis.upload.storage import stored_path

RAN_THROUGH = (*SisImport.ENDED_WELL, SisImport.State.FAILED_WITH_MESSAGES)


def may_be_repeated(sis_import: SisImport) -> bool:
    """Whether something came of it at all yet: not for a dry run that ended, nor for what the brake stopped."""
    looked_only = bool(sis_import.options.get("dry_run")) and sis_import.workflow_state in RAN_THROUGH
    return bool(sis_import.stored_file) and sis_import.has_ended and (sis_import.was_braked or looked_only)


def repeat(sis_import: SisImport, *, dry_run: bool, by: User) -> SisImport:
    """A new import of the same stored file with the same options, for good or as a dry run.

    The brake is passed over only by what it has stopped before: whoever repeats that has seen the numbers. Raises
    Invalid when the import is none to repeat, its file is kept no more, or its options name what is gone.
    """
    if not may_be_repeated(sis_import):
        raise Invalid({"id": [("invalid", _("This import cannot be repeated. Upload the file again."))]})
    options = Options.from_json(sis_import.options)
    options = replace(options, dry_run=dry_run, ignore_deletion_brake=sis_import.was_braked and not dry_run)
    try:
        with stored_path(sis_import).open("rb") as upload:
            return create_import(sis_import.account, upload, sis_import.file_name, options, by=by)
    except FileNotFoundError:
        message = _("The file is no longer stored. Upload it again.")
        raise Invalid({"id": [("gone", message)]}) from None
