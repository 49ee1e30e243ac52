"""Taking an import back undoes only what it was the last to touch (what it does otherwise: test_restoring.py)."""

import pytest
from django.utils import timezone

from accounts.domain.admins import make_admin, remove_admin
from accounts.domain.users import reactivate, suspend
from accounts.models import AccountAdmin, Action, AuditEvent, BaseType, ObservationLink, Role, User
from courses.domain.enrollments import change_state, enroll
from courses.domain.observation import link, unlink
from courses.models import Course, Enrollment, Section, Term
from pairing.domain.account_deletion import delete_user
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.options import Options
from tests.factories import make_clerk
from tests.sis.texts import ADMINS, COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, table

LISTED = "section_id,user_id,role,status,associated_user_id"


def links(status):
    return table(LINKS, f"PAT,KIM,{status}")


def person(sis_id):
    return User.objects.get(sis_user_id=sis_id)


def state_of_link():
    return ObservationLink.objects.get().state


def observing():
    """The states of PAT's enrollments for KIM."""
    of_pat = Enrollment.objects.filter(type=BaseType.OBSERVER, user__sis_user_id="PAT")
    return set(of_pat.values_list("state", flat=True))


@pytest.fixture(autouse=True)
def school(load):
    """KIM and LEE in one section of one course, and PAT, who may observe."""
    load(
        terms="term_id,name,status\nT1,Fall,active",
        users=table(USERS, *(f"{name},{name.lower()},active" for name in ("KIM", "LEE", "PAT"))),
        courses=table(COURSES, "C1,b,Biology,T1,published"),
        sections=table(SECTIONS, "S1,C1,A,active"),
        enrollments=table(ENROLLMENTS, "S1,KIM,student,active", "S1,LEE,student,active"),
    )


@pytest.fixture
def take_back(root, admin):
    def take_back(made, *, by=admin):
        begin_restoring(made, by=by)
        work_off(root)
        made.refresh_from_db()
        return made.workflow_state

    return take_back


class TestLinks:
    def test_one_that_somebody_has_ended_since_does_not_return(self, load, take_back, admin):
        load(observers=links("active"))
        ended = load(observers=links("deleted"))
        load(observers=links("active"))
        unlink(ObservationLink.objects.get(), by=admin)
        assert ObservationLink.objects.get().sis_import_id is None
        assert (take_back(ended), state_of_link()) == ("partially_restored", "deleted")

    def test_one_that_a_later_import_has_ended_too_does_not_return(self, load, take_back):
        load(observers=links("active"))
        ended = load(observers=links("deleted"))
        load(observers=links("active"))
        load(observers=links("deleted"))
        assert (take_back(ended), state_of_link()) == ("partially_restored", "deleted")

    def test_one_that_a_later_import_names_too_stays(self, load, take_back):
        made = load(observers=links("active"))
        load(observers=links("active"))
        assert (take_back(made), state_of_link()) == ("partially_restored", "active")

    def test_one_that_the_import_has_made_and_ended_and_made_is_gone_afterwards(self, load, take_back):
        made = load(observers=table(LINKS, "PAT,KIM,active", "PAT,KIM,deleted", "PAT,KIM,active"))
        assert (state_of_link(), take_back(made), state_of_link()) == ("active", "restored", "deleted")
        assert observing() == {"deleted"}

    @pytest.mark.parametrize("gone", ["PAT", "KIM"])
    def test_one_with_somebody_who_has_been_deleted_since_does_not_return(self, load, take_back, admin, gone):
        load(observers=links("active"))
        ended = load(observers=links("deleted"))
        delete_user(person(gone), by=admin)
        assert (take_back(ended), state_of_link()) == ("partially_restored", "deleted")


class TestObserversEnrollments:
    WAYS = {"users": table(USERS, "KIM,kim,deleted"), "sections": table(SECTIONS, "S1,C1,A,deleted")}

    @pytest.mark.parametrize("way", WAYS)
    def test_they_return_with_the_student_while_the_link_stands(self, load, take_back, way):
        load(observers=links("active"))
        made = load(**{way: self.WAYS[way]})
        assert observing() == {"deleted"}
        assert (take_back(made), observing()) == ("restored", {"active"})

    @pytest.mark.parametrize("way", WAYS)
    def test_they_do_not_return_where_somebody_has_ended_the_link_since(self, load, take_back, admin, way):
        load(observers=links("active"))
        made = load(**{way: self.WAYS[way]})
        unlink(ObservationLink.objects.get(), by=admin)
        assert take_back(made) == "partially_restored"
        assert (state_of_link(), observing()) == ("deleted", {"deleted"})
        assert Enrollment.objects.get(user=person("KIM")).state == "active"

    def test_observer_enrollments_return_with_the_observer(self, load, take_back):
        load(observers=links("active"))
        made = load(users=table(USERS, "PAT,pat,deleted"))
        assert observing() == {"deleted"}
        assert (take_back(made), observing()) == ("restored", {"active"})

    def test_they_do_not_return_with_the_observer_where_the_student_has_left_meanwhile(self, load, take_back, admin):
        load(observers=links("active"))
        made = load(users=table(USERS, "PAT,pat,deleted"))
        change_state(Enrollment.objects.get(user=person("KIM")), "deleted", by=admin)
        assert (take_back(made), observing()) == ("partially_restored", {"deleted"})

    def test_one_listed_by_a_file_and_ended_by_a_later_one_does_not_return(self, load, take_back):
        load(enrollments=table(LISTED, "S1,PAT,observer,active,KIM"))
        made = load(enrollments=table(LISTED, "S1,PAT,observer,deleted,KIM"))
        load(enrollments=table(LISTED, "S1,PAT,observer,active,KIM"))
        load(enrollments=table(LISTED, "S1,PAT,observer,deleted,KIM"))
        assert (take_back(made), observing()) == ("partially_restored", {"deleted"})

    def test_one_that_a_file_ended_returns_unless_the_link_of_the_two_has_ended_since(self, load, take_back, admin):
        load(enrollments=table(LISTED, "S1,PAT,observer,active,KIM"))
        made = load(enrollments=table(LISTED, "S1,PAT,observer,deleted,KIM"))
        assert (take_back(made), observing()) == ("restored", {"active"})
        made = load(enrollments=table(LISTED, "S1,PAT,observer,deleted,KIM"))
        unlink(link(person("PAT"), person("KIM"), origin="code", by=None, course=None), by=admin)
        assert (take_back(made), observing()) == ("partially_restored", {"deleted"})

    def test_one_that_a_file_listed_goes_although_it_has_followed_the_student_since(self, load, take_back):
        made = load(enrollments=table(LISTED, "S1,PAT,observer,active,KIM"))
        # As when the student's dates change: in another moment than the import's.
        Enrollment.objects.filter(user=person("PAT")).update(updated_at=timezone.now())
        assert (take_back(made), observing()) == ("restored", {"deleted"})


class TestEnrollments:
    def test_one_that_ended_with_its_section_returns_though_no_file_ever_named_it(self, load, take_back, admin):
        by_hand = enroll(person("PAT"), Section.objects.get(), Role.objects.built_in(BaseType.TA), by=admin)
        made = load(sections=table(SECTIONS, "S1,C1,A,deleted"))
        assert take_back(made) == "restored"
        by_hand.refresh_from_db()
        assert (by_hand.state, by_hand.sis_import_id) == ("active", None)

    def test_one_that_somebody_has_brought_back_and_ended_since_stays_ended(self, load, take_back, admin):
        for file in ({"enrollments": table(ENROLLMENTS, "S1,KIM,student,deleted")}, {"users": "KIM,kim,deleted"}):
            file = {kind: text if "\n" in text else table(USERS, text) for kind, text in file.items()}
            made = load(**file)
            load(users=table(USERS, "KIM,kim,active"))
            kim = Enrollment.objects.get(user=person("KIM"))
            change_state(kim, "active", by=admin)
            change_state(kim, "deleted", by=admin)
            assert take_back(made) == "partially_restored"
            kim.refresh_from_db()
            assert kim.state == "deleted"
            change_state(kim, "active", by=admin)

    def test_one_that_a_later_import_has_ended_too_stays_ended(self, load, take_back):
        made = load(users=table(USERS, "KIM,kim,deleted"))
        load(enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted"))
        assert take_back(made) == "partially_restored"
        assert person("KIM").state == "registered"
        assert Enrollment.objects.get(user=person("KIM")).state == "deleted"

    def test_none_returns_to_somebody_who_has_been_deleted_since(self, load, take_back, admin):
        kim = person("KIM")
        made = load(enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted"))
        delete_user(kim, by=admin)
        assert take_back(made) == "partially_restored"
        assert Enrollment.objects.get(user=kim).state == "deleted"

    @pytest.mark.django_db(transaction=True)
    def test_one_that_the_import_has_changed_twice_is_as_before_the_first_time(self, load, take_back, monkeypatch):
        monkeypatch.setattr("sis.imports.runner.ROWS_PER_CHUNK", 1)
        made = load(enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted", "S1,KIM,student,completed"))
        assert take_back(made) == "restored"
        assert Enrollment.objects.get(user=person("KIM")).state == "active"

    @pytest.mark.django_db(transaction=True)
    def test_what_batch_mode_removed_returns_with_all_who_were_there(self, load, take_back, admin):
        load(observers=links("active"))
        enroll(person("PAT"), Section.objects.get(), Role.objects.built_in(BaseType.TA), by=admin)
        term = Options(batch_mode=True, batch_mode_term_id=Term.objects.get().pk, ignore_deletion_brake=True)
        made = load(options=term, courses=COURSES, sections=SECTIONS, enrollments=ENROLLMENTS)
        assert {*Enrollment.objects.values_list("state", flat=True)} == {"deleted"}
        assert Course.objects.get().workflow_state == "deleted"
        assert take_back(made) == "restored"
        assert {*Enrollment.objects.values_list("state", flat=True)} == {"active"}
        assert (Course.objects.get().workflow_state, Section.objects.get().workflow_state) == ("available", "active")


class TestPeople:
    def test_one_who_has_been_suspended_by_hand_since_stays_out(self, load, take_back, admin):
        made = load(users=table(USERS, "KIM,kim,suspended"))
        reactivate(person("KIM"), by=admin)
        suspend(person("KIM"), by=admin)
        assert (take_back(made), person("KIM").state) == ("partially_restored", "suspended")

    def test_one_whom_a_later_import_has_deleted_too_stays_deleted(self, load, take_back):
        made = load(users=table(USERS, "KIM,kim,deleted"))
        load(users=table(USERS, "KIM,kim,active"))
        load(users=table(USERS, "KIM,kim,deleted"))
        assert (take_back(made), person("KIM").state) == ("partially_restored", "deleted")

    def test_one_who_has_been_deleted_by_hand_does_not_return_although_the_import_did_so_too(
        self, load, take_back, admin
    ):
        made = load(users=table(USERS, "KIM,kim,deleted", "KIM,kim,active"))
        kim = person("KIM")
        delete_user(kim, by=admin)
        assert take_back(made) == "partially_restored"
        kim.refresh_from_db()
        assert kim.state == "deleted"


class TestAdmins:
    def test_a_role_that_a_later_import_or_somebody_has_taken_away_too_does_not_return(self, load, take_back, admin):
        load(admins=table(ADMINS, "PAT,,AccountAdmin,active"))
        first = load(admins=table(ADMINS, "PAT,,AccountAdmin,deleted"))
        load(admins=table(ADMINS, "PAT,,AccountAdmin,active"))
        second = load(admins=table(ADMINS, "PAT,,AccountAdmin,deleted"))
        held = AccountAdmin.objects.get(user=person("PAT"))
        assert take_back(first) == "partially_restored"
        make_admin(held.user, held.role, held.account, by=admin)
        remove_admin(AccountAdmin.objects.get(pk=held.pk), by=admin)
        assert take_back(second) == "partially_restored"
        held.refresh_from_db()
        assert held.workflow_state == "deleted"

    def test_roles_that_ended_with_the_person_return_with_them_and_it_is_recorded(self, load, take_back, root):
        held = AccountAdmin.objects.create(
            user=person("PAT"), account=root, role=Role.objects.get(label="Account Admin")
        )
        made = load(users=table(USERS, "PAT,pat,deleted"))
        assert take_back(made) == "restored"
        held.refresh_from_db()
        assert (held.user.state, held.workflow_state) == ("registered", "active")
        told = AuditEvent.objects.filter(subject=held.user, action__startswith="admin.").order_by("id")
        assert [one.action for one in told] == [Action.ADMIN_REMOVED, Action.ADMIN_CREATED]

    def test_nobody_gives_or_takes_by_taking_back_what_they_may_not_by_hand(self, load, take_back):
        keeper = make_clerk("manage_sis")
        load(admins=table(ADMINS, "PAT,,AccountAdmin,active"))
        ended = load(admins=table(ADMINS, "PAT,,AccountAdmin,deleted"))
        assert take_back(ended, by=keeper) == "partially_restored"
        assert AccountAdmin.objects.get(user=person("PAT")).workflow_state == "deleted"
        out = load(users=table(USERS, "ALEX,alex,suspended"), by=None)
        assert take_back(out, by=keeper) == "partially_restored"
        assert person("ALEX").state == "suspended"

    def test_nobody_takes_their_own_role_or_account_so(self, load, take_back):
        made = load(
            users=table(USERS, "NEW,new,active"),
            admins=table(ADMINS, "NEW,,AccountAdmin,active"),
        )
        new = person("NEW")
        assert take_back(made, by=new) == "partially_restored"
        assert (person("NEW").state, AccountAdmin.objects.get(user=new).workflow_state) == ("registered", "active")


def test_a_link_to_one_course_that_an_import_has_opened_for_all_opens_the_one_again(load, school, take_back):
    load(
        courses=table(COURSES, "C2,c,Chemistry,T1,published"),
        sections=table(SECTIONS, "S2,C2,B,active"),
        enrollments=table(ENROLLMENTS, "S2,KIM,student,active"),
    )
    pat = person("PAT")
    link(pat, person("KIM"), origin="code", by=None, course=Course.objects.get(sis_course_id="C1"))
    made = load(observers=links("active"))
    assert Enrollment.objects.filter(user=pat, state="active").count() == 2
    recorded = AuditEvent.objects.filter(action=Action.OBSERVING_BEGAN).order_by("id").values_list("details", flat=True)
    assert [details["scope"] for details in recorded] == ["courses", "all"]
    assert take_back(made) == "restored"
    [left] = Enrollment.objects.filter(user=pat, state="active")
    assert (left.section.sis_section_id, ObservationLink.objects.get().scope) == ("S1", "courses")
    assert made.data["statistics"]["total_state_changes"] == 0


def test_somebody_who_is_active_again_has_concluded_nothing(load, school, take_back):
    assert take_back(load(enrollments=table(ENROLLMENTS, "S1,KIM,student,completed"))) == "restored"
    found = Enrollment.objects.get(user__sis_user_id="KIM")
    assert (found.state, found.completed_at) == ("active", None)


def test_a_link_by_code_returns_as_one(load, school, take_back):
    link(person("PAT"), person("KIM"), origin=ObservationLink.Origin.CODE, by=None)
    assert take_back(load(observers=links("deleted"))) == "restored"
    found = ObservationLink.objects.get()
    assert (found.state, found.origin, found.sis_import_id) == ("active", "code", None)
