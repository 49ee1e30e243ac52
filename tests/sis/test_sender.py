"""What the permission to import rosters is worth: everything a roster says of others, and no rights for the sender."""

import pytest

from accounts.domain.users import suspend
from accounts.models import Account, AccountAdmin, BaseType, ObservationLink, Role, User
from accounts.permissions.registry import PERMISSIONS
from courses.access.act_as import acting_as
from courses.models import Course, Enrollment, Section
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.models import SisImport
from sis.options import Options
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_clerk,
    make_student,
)
from tests.sis.conftest import make, warnings
from tests.sis.texts import USERS

LINKS = "observer_id,student_id,status"
ENROLLMENTS = "section_id,user_id,role,associated_user_id,status"
BRAKELESS = {"ignore_deletion_brake": True}


@pytest.fixture
def clerk(root):
    """Who may import rosters, and nothing else."""
    return make_clerk("import_sis", sis_user_id="CLERK", login_id="clerk", name="Cleo Clerk")


@pytest.fixture
def biology(root):
    """A section of a course in a school, with a teacher and a student."""
    course = CourseFactory(account=AccountFactory(sis_account_id="HS", name="High School"), sis_course_id="BIO")
    section = SectionFactory(course=course, sis_section_id="BIO-A")
    teacher = UserFactory(sis_user_id="TEA", login_id="tea", name="Tea Cher", email="tea@example.org")
    EnrollmentFactory(user=teacher, section=section, type=BaseType.TEACHER)
    make_student(section, sis_user_id="MIA", login_id="mia")
    return section


class TestLinks:
    def test_nobody_makes_themselves_an_observer(self, load, clerk, biology):
        made = load(by=clerk, links=f"{LINKS}\nCLERK,MIA,active")
        assert warnings(made) == [(2, "own_link")]
        assert not ObservationLink.objects.exists()
        assert not Enrollment.objects.filter(user=clerk).exists()

    def test_a_sender_links_other_people(self, load, clerk, biology):
        UserFactory(sis_user_id="PAT")
        assert warnings(load(by=clerk, links=f"{LINKS}\nPAT,MIA,active")) == []
        assert ObservationLink.objects.get().state == "active"

    def test_a_link_of_ones_own_that_is_there_stays_and_may_end(self, load, admin, clerk, biology):
        load(links=f"{LINKS}\nCLERK,MIA,active")
        assert warnings(load(by=clerk, links=f"{LINKS}\nCLERK,MIA,active")) == []
        assert warnings(load(by=clerk, links=f"{LINKS}\nCLERK,MIA,deleted")) == []
        assert warnings(load(by=clerk, links=f"{LINKS}\nCLERK,MIA,active")) == [(2, "own_link")]

    def test_who_may_link_people_by_hand_may_by_a_file(self, load, biology):
        make_clerk("import_sis", "manage_user_observers", sis_user_id="BOTH", login_id="both")
        both = User.objects.get(sis_user_id="BOTH")
        assert warnings(load(by=both, links=f"{LINKS}\nBOTH,MIA,active")) == []

    def test_who_acts_as_the_sender_gains_nothing_either(self, load, clerk, admin, biology):
        made = load(by=acting_as(admin, clerk), links=f"{LINKS}\nALEX,MIA,active\nCLERK,MIA,active")
        assert warnings(made) == [(2, "own_link"), (3, "own_link")]


class TestPlaces:
    @pytest.mark.parametrize(
        "row",
        [
            "BIO-A,CLERK,teacher,,active",
            "BIO-A,CLERK,ta,,active",
            "BIO-A,CLERK,designer,,completed",
            "BIO-A,CLERK,observer,MIA,active",
            "BIO-A,CLERK,observer,,active",
            "BIO-A,CLERK,Coach,,active",
        ],
    )
    def test_nobody_makes_themselves_one_of_the_staff_or_an_observer(self, load, root, clerk, biology, row):
        Role.objects.create(label="Coach", base_type=BaseType.TEACHER, account=root)
        made = load(by=clerk, enrollments=f"{ENROLLMENTS}\n{row}\nBIO-A,TEA,ta,,active")
        assert warnings(made) == [(2, "own_enrollment")]
        assert not Enrollment.objects.filter(user=clerk).exists()
        assert Enrollment.objects.filter(user__sis_user_id="TEA", type=BaseType.TA).exists()

    def test_nor_lets_themselves_back_in_or_sees_more_than_their_section(self, load, clerk, biology):
        enrollment = EnrollmentFactory(user=clerk, section=biology, type=BaseType.TA, state="inactive")
        assert warnings(load(by=clerk, enrollments=f"{ENROLLMENTS}\nBIO-A,CLERK,ta,,active")) == [(2, "own_enrollment")]
        Enrollment.objects.filter(pk=enrollment.pk).update(state="active", limit_privileges_to_course_section=True)
        header = "section_id,user_id,role,status,limit_section_privileges"
        made = load(by=clerk, enrollments=f"{header}\nBIO-A,CLERK,ta,active,false")
        assert warnings(made) == [(2, "own_enrollment")]
        enrollment.refresh_from_db()
        assert enrollment.limit_privileges_to_course_section

    def test_what_is_so_already_or_is_less_is_no_fault(self, load, clerk, biology):
        EnrollmentFactory(user=clerk, section=biology, type=BaseType.TEACHER)
        for status in ("active", "completed", "deleted"):
            assert warnings(load(by=clerk, enrollments=f"{ENROLLMENTS}\nBIO-A,CLERK,teacher,,{status}")) == []

    def test_one_may_be_a_student(self, load, clerk, biology):
        assert warnings(load(by=clerk, enrollments=f"{ENROLLMENTS}\nBIO-A,CLERK,student,,active")) == []

    def test_who_could_enroll_themselves_by_hand_may_by_a_file(self, load, admin, biology):
        assert warnings(load(enrollments=f"{ENROLLMENTS}\nBIO-A,ALEX,teacher,,active")) == []
        section = SectionFactory(sis_section_id="ART-A")
        allow(BaseType.ACCOUNT_ADMIN, "view_all_grades", section.course.account, enabled=False)
        made = load(enrollments=f"{ENROLLMENTS}\nART-A,ALEX,teacher,,active")
        assert warnings(made) == [(2, "own_enrollment")], "where the role may do more than they may themselves"

    @pytest.mark.parametrize("file", ["sections", "xlists"])
    def test_nobody_takes_themselves_into_another_course(self, load, clerk, biology, file):
        own = SectionFactory(sis_section_id="OWN", course__sis_course_id="MINE")
        EnrollmentFactory(user=clerk, section=own, type=BaseType.TEACHER)
        other = SectionFactory(sis_section_id="OTHER", course__sis_course_id="THEIRS")
        text = {
            "sections": "section_id,course_id,name,status\nOWN,BIO,Own,active\nOTHER,BIO,Other,active",
            "xlists": "section_id,xlist_course_id,status\nOWN,BIO,active\nOTHER,BIO,active",
        }[file]
        made = load(by=clerk, **{file: text})
        assert warnings(made) == [(2, "own_enrollment")]
        assert Section.objects.get(pk=own.pk).course.sis_course_id == "MINE"
        assert Section.objects.get(pk=other.pk).course.sis_course_id == "BIO"

    def test_it_costs_the_same_for_any_number_of_courses(self, load, clerk):
        for number in range(12):
            SectionFactory(sis_section_id=f"S{number}", course__account=AccountFactory())
        load(by=clerk)

        def file(first, last):
            return "\n".join([ENROLLMENTS, *(f"S{number},CLERK,teacher,,active" for number in range(first, last))])

        few = statements(lambda: load(by=clerk, enrollments=file(0, 2)))
        assert statements(lambda: load(by=clerk, enrollments=file(2, 12))) == few


class TestAccountsOfPeople:
    HEADER = f"{USERS},full_name,email,password"
    SAME = "TEA,tea,active,Tea Cher,tea@example.org,"

    @pytest.mark.parametrize(
        "row",
        [
            "TEA,tea,active,Tea Cher,mine@example.org,",
            "TEA,mine,active,Tea Cher,tea@example.org,",
            "TEA,tea,suspended,Tea Cher,tea@example.org,",
            "TEA,tea,deleted,Tea Cher,tea@example.org,",
            "TEA,tea,active,Tea Cher,tea@example.org,five-new-bicycles",
            "NEW,tea,active,Tea Cher,tea@example.org,",
        ],
    )
    def test_nobody_changes_how_a_teacher_signs_in_or_as_whom(self, load, clerk, biology, row):
        load(users=f"{self.HEADER}\n{self.SAME}")
        before = User.objects.filter(sis_user_id="TEA").values().get()
        wanted = Options(**BRAKELESS, update_sis_id_if_login_claimed=True)
        made = load(by=clerk, options=wanted, users=f"{self.HEADER}\n{row}\nMIA,mia,active,,mia@example.org,")
        assert warnings(made) == [(2, "reaches_further")]
        assert User.objects.filter(sis_user_id="TEA").values().get() == before
        assert User.objects.get(sis_user_id="MIA").email == "mia@example.org"

    def test_a_name_may_change_and_nothing_may_stay(self, load, clerk, biology):
        load(users=f"{self.HEADER}\n{self.SAME}")
        assert warnings(load(by=clerk, users=f"{self.HEADER}\n{self.SAME}")) == []
        assert warnings(load(by=clerk, users=f"{self.HEADER}\nTEA,tea,active,Tea Wed,tea@example.org,")) == []
        assert User.objects.get(sis_user_id="TEA").name == "Tea Wed"

    def test_nobody_gives_a_teacher_another_id_or_takes_it_themselves(self, load, clerk, biology):
        ids = "old_id,new_id,type"
        made = load(by=clerk, ids=f"{ids}\nTEA,AWAY,user\nCLERK,BOSS,user\nMIA,MIA-2,user")
        assert warnings(made) == [(2, "reaches_further"), (3, "own_id")]
        User.objects.filter(pk=clerk.pk).update(sis_user_id=None)
        assert warnings(load(by=clerk, users=f"{USERS}\nBOSS,clerk,active")) == [(2, "own_id")]
        logins = f"user_id,login_id,existing_canvas_user_id\nBOSS,clerk,{clerk.pk}"
        assert warnings(load(by=clerk, logins=logins)) == [(2, "own_id")]
        assert not User.objects.filter(sis_user_id="BOSS").exists()

    def test_one_who_may_do_as_much_everywhere_changes_them(self, load, biology, root):
        for by in (make_admin(), None):
            load(by=by, users=f"{self.HEADER}\n{self.SAME}")
            made = load(by=by, users=f"{self.HEADER}\nTEA,tea,active,Tea Cher,new@example.org,")
            assert (warnings(made), User.objects.get(sis_user_id="TEA").email) == ([], "new@example.org")

    def test_a_role_or_enrollment_that_is_off_for_now_counts(self, load, clerk, biology):
        Enrollment.objects.filter(user__sis_user_id="TEA").update(state="inactive")
        made = load(by=clerk, users=f"{self.HEADER}\nTEA,tea,active,Tea Cher,mine@example.org,")
        assert warnings(made) == [(2, "reaches_further")]
        boss = make_clerk("manage_account_settings", sis_user_id="BOSS", login_id="boss")
        Role.objects.filter(pk__in=boss.account_admins.values("role")).update(workflow_state="inactive")
        made = load(by=clerk, users=f"{self.HEADER}\nBOSS,boss,active,,mine@example.org,")
        assert warnings(made) == [(2, "reaches_further")]

    def test_it_costs_the_same_for_any_number_of_teachers(self, load, clerk):
        for number in range(16):
            person = UserFactory(sis_user_id=f"T{number}", login_id=f"t{number}")
            EnrollmentFactory(user=person, type=BaseType.TEACHER)
        load(by=clerk)

        def file(first, last):
            rows = (f"T{number},t{number},active,,new{number}@example.org," for number in range(first, last))
            return "\n".join([self.HEADER, *rows])

        few = statements(lambda: load(by=clerk, users=file(0, 2)))
        assert statements(lambda: load(by=clerk, users=file(2, 16))) == few


class TestMoves:
    ACCOUNTS = "account_id,parent_account_id,status"
    COURSES = "course_id,short_name,long_name,account_id,status"

    @pytest.fixture
    def head(self, root):
        """Who imports rosters, and is an Account Admin of one school."""
        head = make_clerk("import_sis", sis_user_id="HEAD", login_id="head")
        role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
        school = AccountFactory(sis_account_id="OURS", name="Ours")
        AccountAdmin.objects.create(user=head, account=school, role=role)
        return head

    def test_nobody_moves_another_school_under_their_own_or_their_own_away(self, load, head, biology):
        made = load(by=head, accounts=f"{self.ACCOUNTS}\nHS,OURS,active\nOURS,HS,active")
        assert warnings(made) == [(2, "moves_too_far"), (3, "moves_too_far")]
        assert {one.parent.parent_id for one in Account.objects.filter(sis_account_id__in=["HS", "OURS"])} == {None}

    def test_nobody_moves_a_course_into_or_out_of_their_school(self, load, head, biology):
        CourseFactory(account=Account.objects.get(sis_account_id="OURS"), sis_course_id="ART")
        rows = "\nBIO,Bio,Biology,OURS,published\nART,Art,Art,HS,published"
        made = load(by=head, courses=self.COURSES + rows)
        assert warnings(made) == [(2, "moves_too_far"), (3, "moves_too_far")]
        assert Course.objects.get(sis_course_id="BIO").account.sis_account_id == "HS"

    def test_within_what_one_manages_they_move(self, load, head, biology):
        ours = Account.objects.get(sis_account_id="OURS")
        AccountFactory(parent=ours, sis_account_id="A")
        AccountFactory(parent=ours, sis_account_id="B")
        CourseFactory(account=ours, sis_course_id="ART")
        made = load(
            by=head,
            accounts=f"{self.ACCOUNTS}\nB,A,active\nHS,,active",
            courses=f"{self.COURSES}\nART,Art,Art,B,published\nNEW,New,New,HS,published\nBIO,Bio,Bio,HS,published",
        )
        assert warnings(made) == []
        assert Course.objects.get(sis_course_id="ART").account.parent.sis_account_id == "A"

    def test_an_admin_of_the_institution_and_the_command_line_move_all(self, load, admin, biology):
        for by, parent in ((admin, "OURS"), (None, "")):
            AccountFactory(sis_account_id="OURS") if by else None
            made = load(by=by, accounts=f"{self.ACCOUNTS}\nHS,{parent},active")
            assert warnings(made) == []


class TestWaiting:
    @pytest.fixture
    def waiting(self, root, clerk, tmp_path, settings):
        settings.DATA_DIR = tmp_path / "data"
        return make(root, clerk, Options(), tmp_path, {"users": f"{USERS}\nNEW,new,active"})

    def outcome(self, waiting, root) -> tuple[str, list[str], bool]:
        work_off(root)
        waiting.refresh_from_db()
        kinds = [one.kind for one in waiting.sis_import_errors.all()]
        return waiting.workflow_state, kinds, User.objects.filter(sis_user_id="NEW").exists()

    def test_it_runs_while_its_sender_may_import(self, waiting, root):
        assert self.outcome(waiting, root) == ("imported", [], True)

    def test_it_does_not_run_once_its_sender_is_suspended(self, waiting, root, clerk, admin):
        suspend(clerk, by=admin)
        assert self.outcome(waiting, root) == ("failed", ["sender"], False)
        assert "no longer has permission to import rosters" in waiting.sis_import_errors.get().message

    @pytest.mark.parametrize("state", [SisImport.State.CREATED, SisImport.State.IMPORTING])
    def test_an_import_neither_begins_nor_goes_on_when_the_permission_is_gone(self, waiting, root, clerk, state):
        SisImport.objects.filter(pk=waiting.pk).update(workflow_state=state, started_at="2026-11-30T08:00:00Z")
        AccountAdmin.objects.filter(user=clerk).update(workflow_state="deleted")
        assert self.outcome(waiting, root) == ("failed", ["sender"], False)

    def test_an_import_does_not_run_when_whoever_acted_as_the_sender_is_suspended(self, waiting, root, clerk, admin):
        SisImport.objects.filter(pk=waiting.pk).update(actor=admin)
        User.objects.filter(pk=admin.pk).update(state="suspended")
        assert self.outcome(waiting, root) == ("failed", ["sender"], False)

    def test_an_import_is_not_undone_when_the_permission_is_gone(self, load, root, admin):
        made = load(users=f"{USERS}\nNEW,new,active")
        other = make_admin()
        begin_restoring(made, by=other)
        suspend(other, by=admin)
        assert self.outcome(made, root) == ("imported", ["sender"], True)
        assert User.objects.get(sis_user_id="NEW").is_active


class TestTakingBack:
    def test_nobody_returns_to_an_enrollment_or_a_link_of_their_own(self, load, root, biology):
        one = make_clerk("import_sis", "manage_sis", sis_user_id="ONE", login_id="one")
        load(enrollments=f"{ENROLLMENTS}\nBIO-A,ONE,teacher,,active", links=f"{LINKS}\nONE,MIA,active")
        made = load(enrollments=f"{ENROLLMENTS}\nBIO-A,ONE,teacher,,deleted", links=f"{LINKS}\nONE,MIA,deleted")
        begin_restoring(made, by=one)
        work_off(root)
        assert SisImport.objects.get(pk=made.pk).workflow_state == "partially_restored"
        assert set(Enrollment.objects.filter(user=one).values_list("state", flat=True)) == {"deleted"}
        assert ObservationLink.objects.get().state == "deleted"


def test_the_explanation_of_the_permission_says_what_it_is_worth():
    told = str(PERMISSIONS["import_sis"].considerations)
    assert "read all records" in told
