"""Roster imports, what they had to say, and what they changed. The rows of a running one: see sis/guards.py."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User


class SisImport(models.Model):
    """One upload of roster files, from its arrival to its outcome; the words are Canvas's."""

    class State(models.TextChoices):
        INITIALIZING = "initializing", _("Receiving")
        CREATED = "created", _("Waiting")
        IMPORTING = "importing", _("Running")
        CLEANUP_BATCH = "cleanup_batch", _("Removing unlisted records")
        IMPORTED = "imported", _("Done")
        IMPORTED_WITH_MESSAGES = "imported_with_messages", _("Done, with warnings")
        ABORTED = "aborted", _("Stopped")
        FAILED = "failed", _("Failed")
        FAILED_WITH_MESSAGES = "failed_with_messages", _("Partly done, with errors")
        RESTORING = "restoring", _("Undoing")
        PARTIALLY_RESTORED = "partially_restored", _("Partly undone")
        RESTORED = "restored", _("Undone")

    WAITING = (State.INITIALIZING, State.CREATED)
    RUNNING = (State.IMPORTING, State.CLEANUP_BATCH)
    ENDED_WELL = (State.IMPORTED, State.IMPORTED_WITH_MESSAGES)

    account = models.ForeignKey(Account, models.PROTECT, related_name="sis_imports")
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # Who acted as `user` when sending it, if anybody did.
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    workflow_state = models.CharField(max_length=32, choices=State.choices, default=State.INITIALIZING)
    progress = models.PositiveSmallIntegerField(default=0)
    # What it was asked to do: see sis/options.py.
    options = models.JSONField(default=dict)
    # What Canvas calls `data`: the counts, the kinds of files supplied and finished, the state changes.
    data = models.JSONField(default=dict)
    diffing_data_set_identifier = models.CharField(max_length=128, blank=True)
    diffed_against = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    diffing_threshold_exceeded = models.BooleanField(default=False)
    # The upload as it is kept: its name in the storage, and the name it came with. Empty: it is kept no more.
    stored_file = models.CharField(max_length=255, blank=True)
    file_name = models.CharField(max_length=255)
    # How far it has come: all staged rows up to this one are applied. Empty: nothing has been decided yet.
    resume_n = models.BigIntegerField(null=True, blank=True)
    # The rows before it that are to be tried again once all of their kind are applied (sis/imports/postponed.py).
    postponed = ArrayField(models.BigIntegerField(), default=list, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)
    # What a dry run found it would do; empty for any other import.
    report = models.JSONField(default=dict, blank=True)
    restoring = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    workflow_state__in=[
                        "initializing",
                        "created",
                        "importing",
                        "cleanup_batch",
                        "imported",
                        "imported_with_messages",
                        "aborted",
                        "failed",
                        "failed_with_messages",
                        "restoring",
                        "partially_restored",
                        "restored",
                    ]
                ),
                name="sis_import_state_is_known",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="sis_import_progress_is_a_percentage"),
        ]
        indexes = [
            models.Index(
                fields=["diffing_data_set_identifier", "id"],
                name="sis_imports_of_a_data_set",
                condition=~Q(diffing_data_set_identifier=""),
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk}: {self.workflow_state}"

    @property
    def by(self) -> User | None:
        """Who imports, as the record of changes is to say it; None for the command line."""
        return self.user.acted_by(self.actor) if self.user else None

    @property
    def has_ended(self) -> bool:
        return self.workflow_state not in (*self.WAITING, *self.RUNNING, self.State.RESTORING)

    @property
    def chain(self) -> str:
        """What tells its chain of data sets from others, as `chain_in_sql` says it too; empty where nothing does."""
        return self.diffing_data_set_identifier or str(self.data.get("source") or "")

    @property
    def folder(self) -> str:
        """The folder of the inbox that it lay in; empty for any other import."""
        return str(self.data.get("inbox", {}).get("folder") or "")

    @property
    def was_braked(self) -> bool:
        """Whether the deletion brake stopped it before it removed anything; nothing else leaves such a message."""
        return self.workflow_state == self.State.ABORTED and bool(self.data.get("error_message"))


class SisImportError(models.Model):
    """Something an import has to say: a warning about a row or file, or (`failure`) a file it could not use."""

    sis_import = models.ForeignKey(SisImport, models.CASCADE, related_name="sis_import_errors")
    file = models.CharField(max_length=255)
    row = models.BigIntegerField(null=True, blank=True)
    row_info = models.TextField(blank=True)
    # Which kind of message it is, for those who count or filter: sis/report/messages.py.
    kind = models.CharField(max_length=48)
    message = models.TextField()
    failure = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file} {self.row or ''}: {self.message}"


class RefusedRow(models.Model):
    """A row of a data set that was refused: the next one of its chain tries it again (sis/imports/unsettled.py).

    Rows that vanished from it and could not be removed are among them, and what changes have listed since, which the
    next one removes where it does not list it (sis/imports/deltas.py).
    """

    sis_import = models.ForeignKey(SisImport, models.CASCADE, related_name="refused_rows")
    # Which kind of file it stands in, and its number there.
    kind = models.CharField(max_length=32)
    row = models.BigIntegerField(null=True, blank=True)
    # Of a row that stands in no file of the data set, or no more: what stood in it.
    cells = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.row or ''}"


class StateChange(models.Model):
    """Records of one kind that an import took from one state to another; by this it can be taken back."""

    sis_import = models.ForeignKey(SisImport, models.CASCADE, related_name="state_changes")
    # Canvas's name of the record's class, as in `statistics`.
    kind = models.CharField(max_length=32)
    # Empty: the record was made.
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    records = ArrayField(models.BigIntegerField())
    batch_mode = models.BooleanField(default=False)
    # When its transaction began, which is what now() says in SQL: enrollments changed by it were updated then.
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    def __str__(self) -> str:
        return f"{self.kind}: {self.before or 'new'} → {self.after}"


class ChangedId(models.Model):
    """An id that an import replaced by another: rows of data sets before mean this record by it."""

    sis_import = models.ForeignKey(SisImport, models.CASCADE, related_name="changed_ids")
    # What it is an id of (sis/kinds/ids.py), the id it had, and the primary key of the record.
    kind = models.CharField(max_length=16)
    before = models.CharField(max_length=255)
    record = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} {self.before}"


class ProvisioningReport(models.Model):
    """A report of what the institution has, as somebody asked for it; its files are read when they are downloaded."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    # In the order of sis/account_reports.py.
    files = ArrayField(models.CharField(max_length=16))
    include_deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{', '.join(self.files)} for {self.user_id}"

    @property
    def file_name(self) -> str:
        """What is downloaded: one file as it is, several in an archive."""
        return f"{self.files[0]}.csv" if len(self.files) == 1 else f"provisioning_csv_{self.pk}.zip"


class RosterSource(models.Model):
    """What is kept of a source of rosters, beside its imports: see sis/imports/schedule.py."""

    account = models.ForeignKey(Account, models.PROTECT, db_index=False, related_name="+")
    key = models.CharField(max_length=255)
    # Empty where it is a person, whose name may change.
    name = models.CharField(max_length=255, blank=True)
    # Within so many hours of the last upload another is expected. Empty: as the uploads let one learn; 0: never.
    expected_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    # Why a file in its folder could not be taken; empty once all could.
    problem = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_roster_source_for_each_key"),
            models.CheckConstraint(condition=Q(expected_hours__lte=1000), name="roster_source_hours_are_few"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.problem or self.expected_hours}"


class Turn(models.Model):
    """Whose turn it is to do what one process at a time does for an account: see sis/imports/turns.py."""

    class Of(models.TextChoices):
        IMPORTS = "imports"
        INBOX = "inbox"

    account = models.ForeignKey(Account, models.PROTECT, db_index=False, related_name="+")
    of = models.CharField(max_length=16, choices=Of.choices)
    # Another one each time that it is taken: who had it before has it no more.
    token = models.UUIDField(unique=True)
    # The machine and the process, for whoever wants to know who is at it.
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "of"], name="one_turn_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.of}: {self.holder} until {self.until}"


class UploadPart(models.Model):
    """A piece of an uploaded file, where they are kept in the database: see sis/upload/parts.py."""

    name = models.CharField(max_length=255)
    number = models.PositiveIntegerField()
    # Covered, if it may hold passwords.
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "number"], name="one_part_of_a_number")]

    def __str__(self) -> str:
        return f"{self.name}, part {self.number}"
