"""What is kept for how long: the table, the document written from it, and the job that keeps to it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import jobs
from accounts.domain import password_limits, passwords
from accounts.domain.retention import Kept, all_kept, forget_old
from accounts.domain.tokens import make_token
from accounts.management.commands import retention_table
from accounts.management.commands.retention_table import written_into
from accounts.models import AccessToken, AuditEvent, FailedTry
from pairing.domain import institution_limit, rate_limit
from pairing.models import Objection, PairingCode
from sis.models import RefusedRow, SisImport
from tests.factories import CodeFactory, UserFactory

DOCUMENT = Path("docs/admin.md")


def ago(**span: float):
    return timezone.now() - timedelta(**span)


def test_every_table_there_is_has_its_row():
    declared = {table for kind in all_kept() for table in kind.tables}
    # The view of who is given what keeps nothing of its own.
    assert declared == {model._meta.label for model in apps.get_models()} - {"courses.Assigned"}


def test_whatever_is_not_kept_for_good_is_forgotten_by_something():
    assert [kind.what for kind in all_kept() if (kind.days is None) is not (kind.forget is None)] == []


def test_the_document_is_what_the_code_says():
    assert DOCUMENT.read_text() == written_into(DOCUMENT.read_text()), "Run manage.py retention_table."
    for kind in all_kept():
        assert f"\n| {kind.what} | " in DOCUMENT.read_text()


def test_the_command_writes_the_document_and_checks_it(tmp_path, monkeypatch):
    file = tmp_path / "admin.md"
    file.write_text("by hand\n<!-- what is kept -->\nold\n<!-- end -->\n")
    monkeypatch.setattr(retention_table, "FILE", file)
    with pytest.raises(CommandError, match="retention_table"):
        call_command("retention_table", "--check")
    call_command("retention_table")
    call_command("retention_table", "--check")
    assert file.read_text().startswith("by hand\n")
    assert "old" not in file.read_text().split("|")[0]


def test_no_limit_on_tries_looks_back_further_than_failures_are_kept():
    (kept,) = (kind.keep for kind in all_kept() if "accounts.FailedTry" in kind.tables)
    rules = [
        value
        for module in (password_limits, passwords, institution_limit, rate_limit)
        for value in vars(module).values()
    ]
    memories = [value.memory for value in rules if isinstance(getattr(value, "memory", None), timedelta)]
    assert len(memories) >= 8
    assert max([*memories, institution_limit.WEEK]) == kept


def test_failed_tries_are_kept_for_a_week(root):
    FailedTry.objects.create(keys=["old"], at=ago(days=7, minutes=1))
    FailedTry.objects.create(keys=["young"], at=ago(days=6, hours=23))
    jobs.forget(0)
    assert FailedTry.objects.get().keys == ["young"]


def test_sessions_are_kept_until_they_end(root):
    Session.objects.create(session_key="ended", session_data="", expire_date=ago(minutes=1))
    Session.objects.create(session_key="goes on", session_data="", expire_date=ago(minutes=-1))
    jobs.forget(0)
    assert Session.objects.get().session_key == "goes on"


@pytest.mark.parametrize("lost", ["", "sis_imports/1.uploaded.csv", "sis_imports/1.csv"])
def test_refused_rows_are_forgotten_in_time_although_their_upload_was_lost_before(root, settings, tmp_path, lost):
    settings.DATA_DIR = tmp_path
    for days in (settings.SIS_KEEP_DAYS + 1, settings.SIS_KEEP_DAYS - 1):
        made = SisImport.objects.create(
            account=root, file_name="users.csv", workflow_state="failed", stored_file=lost, options={"dry_run": False}
        )
        SisImport.objects.filter(pk=made.pk).update(created_at=ago(days=days))
        RefusedRow.objects.create(sis_import=made, kind="user", cells={"email": f"kim{days}@school.test"})
    jobs.forget(0)
    assert RefusedRow.objects.get().sis_import == made


def test_codes_are_kept_for_90_days_after_their_time(root):
    CodeFactory(text="abcdef", issued_at=ago(days=98), expires_at=ago(days=91))
    CodeFactory(text="ghijkm", issued_at=ago(days=96), expires_at=ago(days=89))
    CodeFactory(text="nopqrs")
    jobs.forget(0)
    assert PairingCode.objects.count() == 2
    assert PairingCode.objects.live().count() == 1


def test_reports_of_students_are_kept_until_a_year_after_they_were_settled(root):
    for days, settled in ((400, None), (364, ago(days=364)), (366, ago(days=366))):
        made = Objection.objects.create(student=UserFactory(), observer=UserFactory(), settled_at=settled)
        Objection.objects.filter(pk=made.pk).update(created_at=ago(days=days))
    jobs.forget(0)
    assert sorted(report.settled_at is None for report in Objection.objects.all()) == [False, True]
    assert not Objection.objects.filter(settled_at__lt=ago(days=365)).exists()


def test_access_tokens_are_kept_for_30_days_after_they_ended(root, settings):
    for purpose, fields in {
        "in use": {},
        "ended lately": {"expires_at": ago(days=29)},
        "ended": {"expires_at": ago(days=31)},
        "revoked lately": {"revoked_at": ago(days=29)},
        "revoked": {"revoked_at": ago(days=31)},
        "unused": {"last_used_at": ago(days=300)},
        "unused for long": {"last_used_at": ago(days=396)},
    }.items():
        make_token(UserFactory(), purpose, by=None)
        AccessToken.objects.filter(purpose=purpose).update(**fields)
    kept = {"in use", "ended lately", "revoked lately", "unused"}
    jobs.forget(0)
    assert set(AccessToken.objects.values_list("purpose", flat=True)) == kept
    settings.ACCESS_TOKEN_UNUSED_DAYS = 0
    AccessToken.objects.update(last_used_at=ago(days=4000), expires_at=None, revoked_at=None)
    jobs.forget(0)
    assert AccessToken.objects.count() == len(kept)


def test_audit_events_are_kept(root):
    make_token(UserFactory(), "", by=None)
    jobs.forget(0)
    assert AuditEvent.objects.count() == 1


def test_what_goes_wrong_with_one_kind_keeps_no_other_and_is_told(root):
    def fail(before):
        raise ZeroDivisionError

    FailedTry.objects.create(keys=["old"], at=ago(days=8))
    broken = Kept("Broken", (), "", days=1, after="all", forget=fail)
    with pytest.raises(ExceptionGroup) as told:
        forget_old([broken, *all_kept()])
    assert [type(error) for error in told.value.exceptions] == [ZeroDivisionError]
    assert not FailedTry.objects.exists()


def test_there_is_one_job_a_night_for_all_of_it():
    from procrastinate.contrib.django import app

    regular = [name for name, _id in app.periodic_registry.periodic_tasks]
    assert [name for name in regular if "forget" in name] == ["accounts.jobs.forget"]
