"""Imports beside people: whatever happens at the same moment, the promises hold."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.models import BaseType, ObservationLink, Role, User
from courses.domain.enrollments import enroll
from courses.domain.observation import link
from courses.models import Enrollment
from sis.imports.dry_run import DryRun
from sis.imports.queue import work_off
from sis.models import SisImport
from sis.options import Options
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_admin
from tests.racing import at_once, meanwhile
from tests.sis.conftest import make

pytestmark = pytest.mark.django_db(transaction=True)

ENROLLMENTS = "section_id,user_id,role,status"


@pytest.fixture
def root(raced_root, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    return raced_root


@pytest.fixture
def people(root):
    section = SectionFactory(course=CourseFactory(account=root), sis_section_id="S1")
    return section, UserFactory(sis_user_id="KIM"), UserFactory(sis_user_id="PAT"), make_admin()


def test_a_link_made_while_its_student_is_imported_into_a_course_covers_it(root, people, tmp_path):
    section, student, observer, admin = people
    EnrollmentFactory(user=student)
    make(root, admin, Options(), tmp_path, {"enrollments": f"{ENROLLMENTS}\nS1,KIM,student,active"})
    with transaction.atomic():
        # The import comes to wait for the link that is being made.
        link(observer, student, origin=ObservationLink.Origin.CODE, by=observer)
        imported = meanwhile(lambda: work_off(root))
    assert imported.result(timeout=60) == [None]
    beside = Enrollment.objects.get(user=observer, section=section)
    assert (beside.associated_user, beside.state) == (student, "active")


def test_people_sign_in_during_a_dry_run_that_names_them(root, people, tmp_path):
    _section, student, observer, admin = people
    files = {
        "users": f"user_id,login_id,status\nKIM,{student.login_id},active\nPAT,{observer.login_id},active",
        "enrollments": f"{ENROLLMENTS}\nS1,KIM,student,active",
        "links": "observer_id,student_id,status\nPAT,KIM,active",
    }
    make(root, admin, Options(), tmp_path, files)
    work_off(root)
    made = make(root, admin, Options(dry_run=True), tmp_path, files)
    seen = []

    def sign_in(_import):
        if connection.in_atomic_block:
            with ThreadPoolExecutor(1) as elsewhere:
                seen.append(elsewhere.submit(_sign_in, observer, student).result(timeout=60))

    DryRun(made, sign_in).go()
    assert seen == [2, 2, 2]


def _sign_in(*people):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        cursor.execute("UPDATE accounts_user SET last_login = now() WHERE id = ANY(%s)", [[one.pk for one in people]])
        found = cursor.rowcount
    connection.close()
    return found


def test_somebody_enrolled_by_hand_at_the_same_moment_is_enrolled_once(root, people, tmp_path):
    section, student, _observer, admin = people
    made = make(root, admin, Options(), tmp_path, {"enrollments": f"{ENROLLMENTS}\nS1,KIM,student,inactive"})
    with transaction.atomic():
        enroll(student, section, Role.objects.built_in(BaseType.STUDENT), by=admin)
        imported = meanwhile(lambda: work_off(root))
    assert imported.result(timeout=60) == [None]
    made.refresh_from_db()
    assert (made.workflow_state, Enrollment.objects.get().state) == ("imported", "inactive")


def test_somebody_who_signs_up_with_a_login_that_an_import_brings_keeps_it_and_the_import_goes_on(
    root, people, tmp_path
):
    admin = people[3]
    rows = "user_id,login_id,status\nNEW,sam@example.org,active\nLEE,lee,active"
    made = make(root, admin, Options(), tmp_path, {"users": rows})
    with transaction.atomic():
        taken = UserFactory(login_id="sam@example.org", sis_user_id="HAND")
        imported = meanwhile(lambda: work_off(root))
    assert imported.result(timeout=60) == [None]
    made.refresh_from_db()
    assert made.workflow_state == "imported_with_messages"
    assert [error.kind for error in made.sis_import_errors.all()] == ["login_claimed"]
    assert User.objects.get(login_id="sam@example.org") == taken
    assert User.objects.filter(sis_user_id="LEE").exists()


def test_several_workers_at_once_run_every_import_once_in_order(root, people, tmp_path):
    admin = people[3]
    for number in range(6):
        rows = f"user_id,login_id,status,full_name\nKIM,kim,active,Name {number}"
        make(root, admin, Options(), tmp_path, {"users": rows})
    assert at_once([lambda: work_off(root)] * 4) == [None] * 4
    assert User.objects.get(sis_user_id="KIM").name == "Name 5"
    imports = SisImport.objects.order_by("id")
    assert {one.workflow_state for one in imports} == {"imported"}
    assert {one.data["counts"]["users"] for one in imports} == {1}
    for earlier, later in itertools.pairwise(imports):
        assert earlier.ended_at <= later.started_at
