"""enrollments.csv and admins.csv (reference 1.8, 1.10 and 2.1)."""

import pytest

from accounts.domain.sis_fields import stick
from accounts.models import AccountAdmin, Action, AuditEvent, BaseType, ObservationLink, Role, User
from courses.domain.enrollments import change_state
from courses.domain.events import ObservingBegan
from courses.domain.observation import link
from courses.models import Course, Enrollment, Section
from sis.options import Options
from tests.api import Api
from tests.database import statements
from tests.factories import AccountFactory, EnrollmentFactory, UserFactory, make_admin
from tests.sis.conftest import warnings

HEADER = "course_id,section_id,user_id,role,status,associated_user_id"


@pytest.fixture(autouse=True)
def _school(load):
    load(
        users="user_id,login_id,status,integration_id,declared_user_type\n"
        + "\n".join(
            f"{name},{name.lower()},active,I-{name},{declared}"
            for name, declared in {"KIM": "student", "LEE": "student", "PAT": "observer", "SAM": ""}.items()
        ),
        courses="course_id,short_name,long_name,status\nC1,b,Biology,published\nC2,c,Chemistry,published",
        sections="section_id,course_id,name,status\nS1,C1,A,active\nS2,C1,B,active\nS3,C2,C,active",
    )


def person(sis_id="KIM"):
    return User.objects.get(sis_user_id=sis_id)


def enrollment(sis_id="KIM", **more):
    return Enrollment.objects.get(user__sis_user_id=sis_id, **more)


def rows(*lines):
    return "\n".join([HEADER, *lines])


class TestPlaces:
    def test_a_section_means_its_course_and_a_course_its_default_section(self, load):
        made = load(enrollments=rows(",S1,KIM,student,active,", "C1,,LEE,student,active,", "C1,,PAT,teacher,active,"))
        assert enrollment().section.sis_section_id == "S1"
        default = enrollment("LEE").section
        assert (default.is_default, default.course.sis_course_id) == (True, "C1")
        assert enrollment("PAT").section == default
        assert made.data["counts"]["enrollments"] == 3
        assert enrollment().sis_import_id == made.pk

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",,KIM,student,active,", "no_section_or_course"),
            (",S1,,student,active,", "no_user"),
            (",S1,KIM,student,open,", "bad_status"),
            (",S1,NOBODY,student,active,", "user_not_found"),
            (",S9,KIM,student,active,", "no_section"),
            ("C9,,KIM,student,active,", "no_course"),
            ("C1,S9,KIM,student,active,", "no_section"),
            ("C9,S1,KIM,student,active,", "no_course"),
            ("C2,S1,KIM,student,active,", "unrelated"),
            (",S1,KIM,wizard,active,", "bad_role"),
            (",S1,KIM,,active,", "bad_role"),
            (",S1,KIM,observer,active,NOBODY", "no_associated_user"),
            (",S1,KIM,observer,active,KIM", "invalid_enrollment"),
            (",,,wizard,open,", "no_section_or_course"),
            ("C9,S9,NOBODY,wizard,open,", "bad_status"),
            ("C9,S9,NOBODY,wizard,active,", "user_not_found"),
        ],
    )
    def test_the_first_thing_wrong_with_a_row_is_told(self, load, row, kind):
        made = load(enrollments=rows(row, ",S1,LEE,student,active,"))
        assert warnings(made) == [(2, kind)]
        assert made.data["counts"]["enrollments"] == 1
        assert not Enrollment.objects.filter(user=person()).exists()

    def test_a_cross_listed_section_is_of_its_old_course_and_its_new(self, load):
        load(xlists="xlist_course_id,section_id,status\nC2,S1,active")
        made = load(enrollments=rows("C1,S1,KIM,student,active,", "C2,S1,LEE,student,active,"))
        assert warnings(made) == []

    def test_an_integration_id_finds_the_person_of_an_enrollment(self, load):
        load(
            enrollments="section_id,user_id,user_integration_id,role,status\n"
            "S1,KIM,I-LEE,student,active\nS1,,I-PAT,student,active"
        )
        assert {found.user.sis_user_id for found in Enrollment.objects.all()} == {"LEE", "PAT"}

    def test_nobody_is_active_in_a_section_that_is_gone(self, load):
        Section.objects.filter(sis_section_id="S1").update(workflow_state="deleted")
        Course.objects.filter(sis_course_id="C2").update(workflow_state="deleted")
        made = load(enrollments=rows(",S1,KIM,student,active,", ",S3,LEE,student,active,", ",S1,PAT,student,deleted,"))
        assert warnings(made) == [(2, "invalid_enrollment"), (3, "invalid_enrollment")]
        assert enrollment("PAT").state == "deleted"


class TestRoles:
    @pytest.mark.parametrize(
        ("word", "base"),
        [
            ("student", BaseType.STUDENT),
            ("STUDENT", BaseType.STUDENT),
            ("StudentEnrollment", BaseType.STUDENT),
            ("teacher", BaseType.TEACHER),
            ("Ta", BaseType.TA),
            ("designer", BaseType.DESIGNER),
            ("ObserverEnrollment", BaseType.OBSERVER),
        ],
    )
    def test_words_for_built_in_roles(self, load, word, base):
        load(enrollments=rows(f",S1,KIM,{word},active,"))
        assert (enrollment().type, enrollment().role) == (base, Role.objects.built_in(base))

    def test_a_role_by_id_comes_before_one_by_name(self, load):
        role = Role.objects.built_in(BaseType.TA)
        load(
            enrollments="section_id,user_id,role,role_id,status\n"
            f"S1,KIM,student,{role.pk},active\nS1,LEE,student,99999,active"
        )
        assert (enrollment().type, enrollment("LEE").type) == (BaseType.TA, BaseType.STUDENT)

    def test_a_custom_role_of_the_account_or_above_by_its_exact_name(self, load, root):
        school = AccountFactory(parent=root)
        Course.objects.filter(sis_course_id="C2").update(account=school)
        Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=root)
        nearer = Role.objects.create(label="Mentor", base_type=BaseType.TA, account=school)
        elsewhere = AccountFactory(parent=root)
        Role.objects.create(label="Coach", base_type=BaseType.TA, account=elsewhere)
        made = load(
            enrollments=rows(
                ",S1,KIM,Mentor,active,SAM", ",S3,LEE,Mentor,active,", ",S1,PAT,mentor,active,", ",S3,PAT,Coach,active,"
            )
        )
        assert (enrollment().type, enrollment().associated_user) == (BaseType.OBSERVER, person("SAM"))
        assert enrollment("LEE").role == nearer
        assert warnings(made) == [(4, "bad_role"), (5, "bad_role")]

    @pytest.mark.parametrize("word", ["students", "Student", "TEACHERS", "ta", "StudentEnrollment"])
    def test_no_role_of_a_school_takes_the_place_of_a_word_for_a_built_in_one(self, load, root, word):
        Role.objects.create(label=word, base_type=BaseType.DESIGNER, account=root)
        load(enrollments=rows(f",S1,KIM,{word},active,"))
        assert enrollment().role.account is None
        assert enrollment().type != BaseType.DESIGNER

    def test_a_role_that_only_begins_with_such_a_word_is_meant_where_it_is(self, load, root):
        own = Role.objects.create(label="Teacher of record", base_type=BaseType.TEACHER, account=root)
        load(enrollments=rows(",S1,KIM,Teacher of record,active,", ",S1,LEE,Teacher of nothing,active,"))
        assert (enrollment().role, enrollment("LEE").role) == (own, Role.objects.built_in(BaseType.TEACHER))

    def test_somebody_may_be_several_things_in_one_section(self, load):
        load(enrollments=rows(",S1,KIM,student,active,", ",S1,KIM,ta,active,", ",S1,KIM,observer,active,LEE"))
        assert Enrollment.objects.filter(user=person()).count() == 3


class TestStates:
    def test_the_same_enrollment_is_updated_in_place(self, load):
        load(enrollments=rows(",S1,KIM,student,active,"))
        first = enrollment().pk
        for state in ("inactive", "completed", "deleted", "active"):
            load(enrollments=rows(f",S1,KIM,student,{state},"))
            assert (enrollment().pk, enrollment().state) == (first, state)
            assert (enrollment().completed_at is not None) == (state == "completed")

    def test_a_deletion_of_what_is_not_there_makes_it_deleted_and_counts(self, load):
        made = load(enrollments=rows(",S1,KIM,student,deleted,", ",S1,KIM,student,deleted,"))
        assert (enrollment().state, made.data["counts"]["enrollments"]) == ("deleted", 2)

    def test_deleted_last_completed_looks_at_the_rest_of_the_course(self, load):
        load(enrollments=rows(",S1,KIM,student,active,", ",S2,KIM,student,active,", ",S3,KIM,student,active,"))
        load(enrollments=rows(",S1,KIM,student,deleted_last_completed,", ",S2,KIM,student,deleted_last_completed,"))
        states = {found.section.sis_section_id: found.state for found in Enrollment.objects.all()}
        assert states == {"S1": "deleted", "S2": "completed", "S3": "active"}

    def test_somebody_deleted_is_stored_as_deleted_with_a_warning_and_then_refused(self, load):
        load(users="user_id,login_id,status\nKIM,kim,deleted")
        made = load(enrollments=rows(",S1,KIM,student,active,"))
        assert (enrollment().state, warnings(made)) == ("deleted", [(2, "enroll_deleted_user")])
        again = load(enrollments=rows(",S1,KIM,student,active,"))
        assert (warnings(again), again.data["counts"]["enrollments"]) == ([(2, "enroll_deleted_user")], 0)

    def test_an_enrollment_row_sets_dates_and_the_section_limit(self, load):
        header = "section_id,user_id,role,status,start_date,end_date,limit_section_privileges"
        load(enrollments=f"{header}\nS1,KIM,student,active,2026-09-01,2026-12-01,yes")
        assert (enrollment().start_at.month, enrollment().limit_privileges_to_course_section) == (9, True)
        made = load(enrollments=f"{header}\nS1,KIM,student,active,2026-13-01,,")
        assert warnings(made) == [(2, "bad_date")]
        assert (enrollment().start_at.month, enrollment().limit_privileges_to_course_section) == (9, True)

    def test_when_one_date_is_edited_neither_is_imported(self, load):
        header = "section_id,user_id,role,status,start_date,end_date"
        load(enrollments=f"{header}\nS1,KIM,student,active,2026-09-01,2026-12-01")
        edited = enrollment()
        stick(edited, ["end_at"])
        edited.save()
        load(enrollments=f"{header}\nS1,KIM,student,active,,")
        assert (enrollment().start_at.month, enrollment().end_at.month) == (9, 12)

    def test_skip_deletes_keeps_enrollments(self, load):
        load(enrollments=rows(",S1,KIM,student,active,"))
        options = Options(skip_deletes=True)
        made = load(enrollments=rows(",S1,KIM,student,deleted,", ",S1,KIM,student,inactive,"), options=options)
        assert (enrollment().state, made.data["counts"]["enrollments"]) == ("inactive", 1)


class TestObservers:
    def test_an_explicit_row_enrolls_beside_the_student_without_a_link(self, load):
        load(enrollments=rows(",S1,PAT,observer,active,KIM", ",S1,PAT,observer,active,LEE", ",S1,PAT,observer,active,"))
        found = Enrollment.objects.filter(user=person("PAT"))
        assert {one.associated_user for one in found} == {person(), person("LEE"), None}
        assert not ObservationLink.objects.exists()

    def test_an_associated_user_means_nothing_beside_another_role(self, load):
        load(enrollments=rows(",S1,KIM,student,active,NOBODY"))
        assert enrollment().associated_user is None

    def test_a_students_enrollment_brings_the_linked_observers(self, load):
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None)
        load(enrollments=rows(",S1,KIM,student,active,"))
        beside = enrollment("PAT")
        assert (beside.associated_user, beside.state, beside.section) == (person(), "active", enrollment().section)
        assert beside.sis_import_id is None
        for state in ("inactive", "active", "completed", "active", "deleted", "active"):
            load(enrollments=rows(f",S1,KIM,student,{state},"))
            assert enrollment("PAT").state == state

    def test_an_observer_removed_by_hand_comes_back_only_with_the_student(self, load):
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None)
        load(enrollments=rows(",S1,KIM,student,active,"))
        change_state(enrollment("PAT"), "deleted", by=None)
        load(enrollments=rows(",S1,KIM,student,active,"))
        assert enrollment("PAT").state == "deleted"
        load(enrollments=rows(",S1,KIM,student,inactive,"))
        assert enrollment("PAT").state == "deleted"
        load(enrollments=rows(",S1,KIM,student,active,"))
        assert enrollment("PAT").state == "active"

    def test_observers_deleted_meanwhile_get_nothing(self, load):
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None)
        load(users="user_id,login_id,status\nPAT,pat,deleted")
        load(enrollments=rows(",S1,KIM,student,active,"))
        assert not Enrollment.objects.filter(user=person("PAT")).exists()

    def test_listing_the_student_lists_the_observer_again_that_a_file_once_named(self, load):
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None)
        first = load(enrollments=rows(",S1,KIM,student,active,", ",S1,PAT,observer,active,KIM"))
        assert enrollment("PAT").sis_import_id == first.pk
        second = load(enrollments=rows(",S1,KIM,student,active,"))
        assert enrollment("PAT").sis_import_id == second.pk

    def test_acting_on_an_observers_row_touches_that_enrollment_only(self, load):
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None)
        load(enrollments=rows(",S1,KIM,student,active,", ",S2,KIM,student,active,"))
        load(enrollments=rows(",S1,PAT,observer,deleted,KIM"))
        assert enrollment("PAT", section__sis_section_id="S1").state == "deleted"
        assert enrollment("PAT", section__sis_section_id="S2").state == "active"

    def test_a_row_with_another_role_is_about_the_enrollment_that_is_there(self, load, root):
        Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=root)
        load(enrollments=rows(",S1,KIM,student,active,"))
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None)
        made = load(enrollments=rows(",S1,PAT,Mentor,completed,KIM"))
        assert (enrollment("PAT").state, enrollment("PAT").role.label, warnings(made)) == ("completed", "Observer", [])
        load(enrollments=rows(",S1,PAT,Mentor,active,KIM", ",S1,PAT,observer,active,KIM"))
        assert enrollment("PAT").state == "active"


class TestLinks:
    HEADER = "observer_id,student_id,status"

    def test_a_link_makes_enrollments_beside_the_students(self, load, admin):
        made = load(
            enrollments=rows(
                ",S1,KIM,student,active,",
                ",S2,KIM,student,inactive,",
                ",S3,KIM,student,completed,",
                ",S3,KIM,ta,active,",
            ),
            observers=f"{self.HEADER}\nPAT,KIM,active",
        )
        states = {one.section.sis_section_id: one.state for one in Enrollment.objects.filter(user=person("PAT"))}
        assert states == {"S1": "active", "S2": "inactive"}
        found = ObservationLink.objects.get()
        assert (found.origin, found.scope, found.sis_import_id) == ("sis", "all", made.pk)
        assert made.data["counts"]["user_observers"] == 1
        event = AuditEvent.objects.get(action=Action.OBSERVING_BEGAN)
        assert (event.actor, event.subject, event.details["observer"]) == (admin, person(), person("PAT").pk)

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",KIM,active", "no_observer"),
            ("PAT,,active", "no_student"),
            ("KIM,KIM,active", "self"),
            ("PAT,KIM,activeX", "bad_status"),
            ("NOBODY,KIM,active", "unknown_observer"),
            ("PAT,NOBODY,active", "unknown_student"),
            ("PAT,KIM,deleted", "no_link_to_delete"),
            (",,open", "no_observer"),
            ("KIM,KIM,open", "self"),
            ("NOBODY,NOBODY2,active", "unknown_observer"),
        ],
    )
    def test_the_first_thing_wrong_with_a_row_is_told(self, load, row, kind):
        made = load(observers=f"{self.HEADER}\n{row}\nSAM,LEE,Active")
        assert warnings(made) == [(2, kind)]
        assert ObservationLink.objects.get().student == person("LEE")

    def test_deleted_people_are_unknown_and_suspended_ones_are_not(self, load):
        load(users="user_id,login_id,status\nPAT,pat,suspended\nLEE,lee,deleted")
        made = load(observers=f"{self.HEADER}\nPAT,KIM,active\nLEE,KIM,active\nSAM,LEE,active")
        assert warnings(made) == [(3, "unknown_observer"), (4, "unknown_student")]

    def test_a_repeated_row_repairs_what_was_taken_away_by_hand(self, load):
        load(enrollments=rows(",S1,KIM,student,active,"), observers=f"{self.HEADER}\nPAT,KIM,active")
        first = ObservationLink.objects.get().pk
        for state in ("deleted", "inactive"):
            change_state(enrollment("PAT"), state, by=None)
            load(observers=f"{self.HEADER}\nPAT,KIM,active")
            assert enrollment("PAT").state == "active"
        assert ObservationLink.objects.get().pk == first
        assert AuditEvent.objects.of(ObservingBegan, scope="all").count() == 1

    def test_deleting_takes_away_what_the_link_made_and_leaves_what_files_listed(self, load):
        load(
            enrollments=rows(
                *(",S1,KIM,student,active,", ",S2,KIM,student,active,", ",S1,LEE,student,active,"),
                ",S3,PAT,observer,active,KIM",
            ),
            observers=f"{self.HEADER}\nPAT,KIM,active\nPAT,LEE,active",
        )
        load(enrollments=rows(",S2,PAT,observer,completed,KIM"))
        load(observers=f"{self.HEADER}\nPAT,KIM,deleted")
        of_pat = Enrollment.objects.filter(user=person("PAT"))
        states = of_pat.filter(associated_user=person()).values_list("section__sis_section_id", "state")
        assert dict(states) == {"S1": "deleted", "S2": "completed", "S3": "active"}
        assert {one.state for one in of_pat.filter(associated_user=person("LEE"))} == {"active"}
        assert AuditEvent.objects.filter(action=Action.OBSERVING_ENDED).count() == 1
        first = ObservationLink.objects.get(student=person()).pk
        load(observers=f"{self.HEADER}\nPAT,KIM,active")
        revived = ObservationLink.objects.get(student=person())
        assert (revived.pk, revived.state) == (first, "active")
        assert enrollment("PAT", associated_user=person(), section__sis_section_id="S1").state == "active"

    def test_duplicates_in_one_file(self, load):
        made = load(observers=f"{self.HEADER}\nPAT,KIM,active\nPAT,KIM,active\nPAT,KIM,deleted\nPAT,KIM,deleted")
        assert (warnings(made), made.data["counts"]["user_observers"]) == ([(5, "no_link_to_delete")], 3)
        assert ObservationLink.objects.get().state == "deleted"

    def test_links_are_counted_in_the_statistics(self, load):
        link(person("SAM"), person(), origin=ObservationLink.Origin.CODE, by=None)
        made = load(observers=f"{self.HEADER}\nPAT,KIM,active\nPAT,LEE,active\nSAM,KIM,deleted")
        assert made.data["statistics"]["UserObserver"] == {"created": 2, "restored": 0, "deleted": 1}
        again = load(observers=f"{self.HEADER}\nPAT,KIM,active\nSAM,KIM,active")
        assert again.data["statistics"]["UserObserver"] == {"created": 0, "restored": 1, "deleted": 0}

    def test_a_link_by_code_to_one_course_becomes_one_to_all(self, load):
        load(enrollments=rows(",S1,KIM,student,active,", ",S3,KIM,student,active,"))
        course = Course.objects.get(sis_course_id="C1")
        link(person("PAT"), person(), origin=ObservationLink.Origin.CODE, by=None, course=course)
        load(observers=f"{self.HEADER}\nPAT,KIM,active")
        assert ObservationLink.objects.get().scope == "all"
        assert Enrollment.objects.filter(user=person("PAT")).count() == 2


@pytest.mark.parametrize(
    "files",
    [
        {"enrollments": "section_id,user_id,role,status,root_account\nS1,KIM,student,active,other.example.org"},
        {"admins": "user_id,account_id,role,status,root_account\nKIM,,AccountAdmin,active,other.example.org"},
        {"logins": "user_id,login_id,existing_user_id,root_account\nX,x,KIM,other.example.org"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_rows_about_people_of_another_root_account_are_left_out(load, files):
    made = load(**files)
    assert warnings(made) == [(2, "other_root_account")]
    assert not Enrollment.objects.exists()
    assert not AccountAdmin.objects.filter(user=person()).exists()
    assert "other.example.org" in made.sis_import_errors.get().message


class TestAdmins:
    HEADER = "user_id,account_id,role,status"

    def test_rows_add_and_remove_account_admins(self, load, root):
        made = load(admins=f"{self.HEADER}\nKIM,,AccountAdmin,active\nLEE,,Account Admin,active")
        assert {one.user for one in AccountAdmin.objects.filter(sis_import_id=made.pk)} == {person(), person("LEE")}
        load(admins=f"{self.HEADER}\nKIM,,AccountAdmin,deleted")
        assert AccountAdmin.objects.get(user=person()).workflow_state == "deleted"

    def test_of_roles_with_one_name_the_nearest_counts(self, load, root, admin):
        """Accounts move, and with them the names of their roles."""
        school = AccountFactory(parent=root, sis_account_id="HS")
        here, there = (
            Role.objects.create(label="Librarian", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=account)
            for account in (root, school)
        )
        load(admins=f"{self.HEADER}\nKIM,,Librarian,active\nKIM,HS,Librarian,active")
        given = dict(AccountAdmin.objects.filter(user=person()).values_list("account", "role"))
        assert given == {root.pk: here.pk, school.pk: there.pk}
        answer = Api(admin).post(f"accounts/{school.pk}/admins", user_id=person("LEE").pk, role="Librarian")
        assert answer.json()["role_id"] == there.pk

    def test_impossible_rows_about_admins_are_refused(self, load, admin):
        by_hand = make_admin(sis_user_id="HAND")
        made = load(
            admins=f"{self.HEADER}\n,,AccountAdmin,active\nKIM,,AccountAdmin,open\nNOBODY,,AccountAdmin,active\n"
            "KIM,nowhere,AccountAdmin,active\nKIM,,TeacherEnrollment,active\nHAND,,AccountAdmin,deleted\n"
            "ALEX,,AccountAdmin,deleted"
        )
        kinds = ["no_user_id", "bad_status", "unknown_user", "unknown_account", "bad_admin_role"]
        assert [kind for _row, kind in warnings(made)] == [*kinds, "not_a_sis_admin", "cannot_remove_self"]
        assert AccountAdmin.objects.get(user=by_hand).workflow_state == "active"


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(load):
    section = Section.objects.get(sis_section_id="S1")
    people = [UserFactory(sis_user_id=f"N{n}") for n in range(60)]
    parents = [UserFactory(sis_user_id=f"M{n}") for n in range(60)]
    for student, parent in zip(people[:3], parents[:3], strict=True):
        EnrollmentFactory(user=student, section=section)
        link(parent, student, origin=ObservationLink.Origin.SIS, by=None)

    def file(number):
        return {
            "enrollments": rows(*(f",S2,N{n},student,active," for n in range(number))),
            "observers": f"{TestLinks.HEADER}\n" + "\n".join(f"M{n},N{n},active" for n in range(number)),
        }

    assert statements(lambda: load(**file(2))) <= 130
    assert statements(lambda: load(**file(60))) <= 130
    assert Enrollment.objects.filter(type=BaseType.OBSERVER, section__sis_section_id="S2").count() == 60
