"""What an import is asked to do, with the names of Canvas's API."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

DROP_STATUSES = ("deleted", "completed", "inactive")
DIFFING_DROP_STATUSES = (*DROP_STATUSES, "deleted_last_completed")
USER_REMOVE_STATUSES = ("deleted", "suspended")


@dataclass(frozen=True)
class Options:
    """All off: rows are applied as they come, and nothing that is not listed is touched.

    As in Canvas, batch mode for several terms is batch mode, and what becomes of changes made by hand is asked only of
    imports that override them.
    """

    batch_mode: bool = False
    batch_mode_term_id: int | None = None
    multi_term_batch_mode: bool = False
    batch_mode_enrollment_drop_status: str = "deleted"
    skip_deletes: bool = False
    override_sis_stickiness: bool = False
    add_sis_stickiness: bool = False
    clear_sis_stickiness: bool = False
    update_sis_id_if_login_claimed: bool = False
    change_threshold: int | None = None
    diffing_data_set_identifier: str = ""
    diffing_remaster_data_set: bool = False
    diffing_drop_status: str = "deleted"
    diffing_user_remove_status: str = "deleted"
    diff_row_count_threshold: int | None = None
    # Ours: keep nothing, only say what would happen; and go on although much would be removed.
    dry_run: bool = False
    ignore_deletion_brake: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch_mode", self.batch_mode or self.multi_term_batch_mode)
        for name in ("add_sis_stickiness", "clear_sis_stickiness"):
            object.__setattr__(self, name, getattr(self, name) and self.override_sis_stickiness)

    @property
    def diffs(self) -> bool:
        """Whether this import belongs to a chain of data sets; batch mode does not go with that."""
        return bool(self.diffing_data_set_identifier) and not self.batch_mode

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Options:
        """Return the options of a stored import; what a later version has dropped is passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})
