"""The provisioning report: what the institution has, in the files that scripts written for Canvas fetch."""

import csv
import io
import zipfile
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.errors import NotAllowed
from accounts.models import Account, AccountAdmin, AuditEvent, BaseType, ObservationLink, Role, RoleOverride, User
from accounts.permissions.registry import Permission
from courses.domain.observation import link
from courses.models import Course, Enrollment, Section, Term
from sis.account_reports import FILES, create_report, download
from sis.events import ReportDownloaded
from tests.api import Api
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_student,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(root):
    account = AccountFactory(parent=root, name="North", sis_account_id="N")
    term = Term.objects.create(name="Autumn", sis_term_id="F26")
    course = CourseFactory(account=account, name="Biology", course_code="BIO", sis_course_id="C1", term=term)
    return SectionFactory(course=course, name="A", sis_section_id="S1")


def rows(root: Account, name: str, *, by: User, include_deleted: bool = False) -> list[dict[str, str]]:
    """The rows of one file of a report."""
    report = create_report(root, [name], include_deleted=include_deleted, by=by)
    text = download(report, by=by).read().decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_people_come_with_their_ids_and_names(root, admin):
    mia = UserFactory(name="Mia Lake", login_id="mia", sis_user_id="S-1", email="mia@example.org")
    found = {row["canvas_user_id"]: row for row in rows(root, "users", by=admin)}
    row = found[str(mia.pk)]
    assert (row["user_id"], row["login_id"], row["email"], row["status"]) == ("S-1", "mia", "mia@example.org", "active")
    assert (row["first_name"], row["last_name"], row["created_by_sis"]) == ("Mia", "Lake", "false")


def test_courses_sections_terms_and_accounts_come_with_the_schools_ids(root, admin, school):
    (row,) = rows(root, "courses", by=admin)
    assert (row["course_id"], row["account_id"], row["term_id"], row["short_name"]) == ("C1", "N", "F26", "BIO")
    assert row["status"] == "active"
    (row,) = rows(root, "sections", by=admin)
    assert (row["section_id"], row["course_id"], row["status"]) == ("S1", "C1", "active")
    assert [row["term_id"] for row in rows(root, "terms", by=admin)] == ["F26"]
    assert [(row["account_id"], row["name"]) for row in rows(root, "accounts", by=admin)] == [("N", "North")]


def test_dates_are_told_to_the_second_in_utc(root, admin, school):
    at = datetime(2026, 9, 1, 8, 30, 15, 250_000, tzinfo=ZoneInfo("America/New_York"))
    Course.objects.filter(pk=school.course_id).update(start_at=at)
    (row,) = rows(root, "courses", by=admin)
    assert (row["start_date"], row["end_date"]) == ("2026-09-01T12:30:15Z", "")


def test_enrollments_come_with_whom_an_observer_observes(root, admin, school):
    student = make_student(school, sis_user_id="S-1")
    beside = EnrollmentFactory(section=school, type=BaseType.OBSERVER, associated_user=student)
    found = {row["canvas_user_id"]: row for row in rows(root, "enrollments", by=admin)}
    assert (found[str(student.pk)]["role"], found[str(student.pk)]["section_id"]) == ("student", "S1")
    row = found[str(beside.user_id)]
    assert (row["role"], row["associated_user_id"], row["base_role_type"]) == ("observer", "S-1", "ObserverEnrollment")


def test_links_come_unless_they_open_some_courses_only(root, admin):
    student, parent, other = (UserFactory(sis_user_id=text) for text in ("S-1", "P-1", "P-2"))
    link(parent, student, origin=ObservationLink.Origin.CODE, by=None)
    limited = link(other, student, origin=ObservationLink.Origin.CODE, by=None)
    ObservationLink.objects.filter(pk=limited.pk).update(scope=ObservationLink.Scope.COURSES)
    (row,) = rows(root, "user_observers", by=admin)
    assert (row["observer_id"], row["student_id"], row["status"]) == ("P-1", "S-1", "active")


def test_cross_listed_sections_and_admins_come(root, admin, school):
    Section.objects.filter(pk=school.pk).update(
        course=CourseFactory(account=root, sis_course_id="C2"), nonxlist_course=school.course
    )
    (row,) = rows(root, "xlist", by=admin)
    assert (row["xlist_course_id"], row["section_id"], row["nonxlist_course_id"]) == ("C2", "S1", "C1")
    assert {row["role"] for row in rows(root, "admins", by=admin)} == {"AccountAdmin"}


def test_what_was_deleted_comes_on_request(root, admin, school):
    gone = EnrollmentFactory(section=school, state=Enrollment.State.DELETED).user
    assert str(gone.pk) not in {row["canvas_user_id"] for row in rows(root, "enrollments", by=admin)}
    found = rows(root, "enrollments", by=admin, include_deleted=True)
    assert [row["status"] for row in found if row["canvas_user_id"] == str(gone.pk)] == ["deleted"]


def test_nothing_in_a_file_is_run_by_a_spreadsheet(root, admin):
    UserFactory(name="=cmd()")
    text = download(create_report(root, ["users"], include_deleted=False, by=admin), by=admin).read().decode()
    assert '"=cmd()"' not in text
    assert "'=cmd()" in text


def test_each_file_takes_the_permissions_to_read_what_is_in_it(root):
    role = Role.objects.create(label="Reader", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    for key in (Permission.READ_REPORTS, Permission.READ_SIS, Permission.READ_COURSE_LIST):
        RoleOverride.objects.create(account=root, role=role, permission=key, enabled=True)
    reader = UserFactory()
    AccountAdmin.objects.create(user=reader, account=root, role=role)
    assert create_report(root, ["courses", "terms"], include_deleted=False, by=reader).files == ["terms", "courses"]
    for name in ("users", "enrollments", "user_observers", "admins"):
        with pytest.raises(NotAllowed, match="you need in the root account"):
            create_report(root, [name], include_deleted=False, by=reader)


def test_who_has_lost_a_permission_downloads_nothing_any_more(root, admin):
    report = create_report(root, ["users"], include_deleted=False, by=admin)
    with pytest.raises(NotAllowed):
        download(report, by=UserFactory())


def test_every_download_is_recorded(root, admin):
    download(create_report(root, ["users", "terms"], include_deleted=False, by=admin), by=admin)
    (event,) = AuditEvent.objects.of(ReportDownloaded)
    assert (event.actor, event.read(ReportDownloaded).files) == (admin, ["users", "terms"])


def test_a_script_asks_looks_and_downloads(root, admin, school):
    api = Api(admin)
    begun = api.post(f"accounts/{root.pk}/reports/provisioning_csv", parameters=dict.fromkeys(FILES, True)).json()
    assert (begun["report"], begun["status"]) == ("provisioning_csv", "complete")
    shown = api.get(f"accounts/{root.pk}/reports/provisioning_csv/{begun['id']}").json()
    assert shown["parameters"] == {**dict.fromkeys(FILES, True), "include_deleted": False}
    answer = api.get(shown["attachment"]["url"].partition("/api/v1/")[2])
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.namelist() == [f"{name}.csv" for name in FILES]
        assert b'"C1"' in archive.read("courses.csv")
    (kind,) = api.get(f"accounts/{root.pk}/reports").json()
    assert (kind["report"], kind["last_run"]["id"]) == ("provisioning_csv", begun["id"])
    assert [each["id"] for each in api.get(f"accounts/{root.pk}/reports/provisioning_csv").json()] == [begun["id"]]
    assert api.delete(f"accounts/{root.pk}/reports/provisioning_csv/{begun['id']}").json()["status"] == "deleted"
    assert api.get(f"accounts/{root.pk}/reports/provisioning_csv/{begun['id']}").status_code == 404


@pytest.mark.parametrize(
    ("parameters", "reason"), [({}, "parameters[users]=true"), ({"users": True, "groups": True}, "no groups here")]
)
def test_a_wish_that_cannot_be_met_is_refused(root, admin, parameters, reason):
    answer = Api(admin).post(f"accounts/{root.pk}/reports/provisioning_csv", parameters=parameters)
    assert (answer.status_code, reason in answer.content.decode()) == (400, True)


def test_reports_are_about_the_whole_institution(root, admin, school):
    answer = Api(admin).get(f"accounts/{school.course.account_id}/reports")
    assert (answer.status_code, "root account" in answer.content.decode()) == (400, True)
