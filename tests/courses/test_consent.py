"""Whatever staff do to an invitation, it opens nothing about the person until the person answers it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import BaseType, CodeScope, ObservationLink, Role, User
from courses.access.accounts import why_not_change
from courses.access.courses import observed_students
from courses.access.profiles import known_about
from courses.domain.enrollments import change_state, enroll
from courses.domain.members import answer
from courses.domain.observation import link
from courses.domain.rosters import people_of
from courses.models import Assignment, Enrollment, Submission
from pairing.domain.eligibility import refusal_for
from pairing.domain.export import students_of
from pairing.models import PairingCode
from tests.api import Api
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

State, Through = Enrollment.State, Enrollment.Through
LONG_AGO = "2001-02-03T04:05:06Z"
# Nobody but the person and their own school may read these of them.
SECRETS = ("zora-login", "zora-mail", "Z-SIS", "parent-login", "parent-mail", "P-SIS", "77.77")
FEWER_EXAMPLES = settings(max_examples=max(settings().max_examples // 8, 4))


@pytest.fixture
def world(root):
    """A school with staff who may do all that its admins can allow, and `zora`, who is none of its people."""
    for key in ("generate_observer_pairing_code", "read_sis", "view_user_logins", "view_all_grades", "manage_students"):
        allow(BaseType.TEACHER, key)
    for key in ("manage_user_logins", "read_reports", "manage_user_observers", "become_user"):
        allow(BaseType.ACCOUNT_ADMIN, key)
    account = AccountFactory(name="North School")
    course = CourseFactory(account=account)
    section, other = SectionFactory(course=course), SectionFactory(course=course)
    zora = UserFactory(name="Zora Quick", login_id="zora-login", email="zora-mail@example.org", sis_user_id="Z-SIS")
    parent = UserFactory(
        name="Pia Quick", login_id="parent-login", email="parent-mail@example.org", sis_user_id="P-SIS"
    )
    return SimpleNamespace(
        root=root,
        account=account,
        course=course,
        sections=(section, other),
        pupil=make_student(section),
        helper=EnrollmentFactory(section=section, type=BaseType.OBSERVER, user__name="Hal Per").user,
        staff=(make_admin(account), EnrollmentFactory(section=section, type=BaseType.TEACHER).user),
        assistant=Role.objects.create(label="Assistant", base_type=BaseType.STUDENT, account=account),
        zora=zora,
        parent=parent,
        seen=set(),
    )


def belongs_to_another_school(world) -> None:
    """A pupil there, with a grade and a parent who observes."""
    there = SectionFactory()
    EnrollmentFactory(user=world.zora, section=there)
    link(world.parent, world.zora, origin=ObservationLink.Origin.CODE, by=None)
    work = Assignment.objects.create(course=there.course, name="Essay", points_possible=100, workflow_state="published")
    Submission.objects.create(assignment=work, student=world.zora, score="77.77", posted_at=LONG_AGO)


# What staff may try, by page and by call. `pick` chooses among the enrollments there are.


def enrolled(type, state, **more):
    def action(world, api, _browser, _pick):
        wanted = {"user_id": world.zora.pk, "type": type, "enrollment_state": state, **more}
        return api.post(f"courses/{world.course.pk}/enrollments", enrollment=wanted)

    return action


def enrolled_beside(who, whom):
    def action(world, api, _browser, _pick):
        wanted = {"user_id": getattr(world, who).pk, "type": "ObserverEnrollment", "enrollment_state": "active"}
        wanted["associated_user_id"] = getattr(world, whom).pk
        return api.post(f"courses/{world.course.pk}/enrollments", enrollment=wanted)

    return action


def ended(task):
    def action(world, api, _browser, pick):
        return api.delete(f"courses/{world.course.pk}/enrollments/{pick}", task=task)

    return action


def called(method, path, **form):
    def action(world, api, _browser, pick):
        ids = {"zora": world.zora.pk, "course": world.course.pk, "account": world.account.pk, "pick": pick}
        ids |= {"section": world.sections[0].pk, "helper": world.helper.pk}
        wanted = {key: value.format(**ids) if isinstance(value, str) else value for key, value in form.items()}
        return api.send(method, path.format(**ids), wanted)

    return action


def pressed(path, **form):
    def action(world, _api, browser, _pick):
        page = f"/courses/{world.course.pk}/users/{path.format(zora=world.zora.pk, helper=world.helper.pk)}"
        values = {
            key: text.format(section=world.sections[1].pk, assistant=world.assistant.pk, zora=world.zora.pk)
            for key, text in form.items()
        }
        return browser.post(page, values)

    return action


def added(type):
    def action(world, _api, browser, _pick):
        role = Role.objects.built_in(type).pk
        form = {"people": "zora-login", "kind": "login", "role": role, "section": world.sections[0].pk, "step": "add"}
        return browser.post(f"/courses/{world.course.pk}/users/add", form)

    return action


INVITING = (
    enrolled("StudentEnrollment", ""),
    enrolled("StudentEnrollment", "invited"),
    enrolled("StudentEnrollment", "creation_pending", start_at=LONG_AGO, end_at=LONG_AGO),
    added(BaseType.STUDENT),
    added(BaseType.TEACHER),
)
TAKING = (
    *(enrolled("StudentEnrollment", state) for state in ("active", "inactive", "completed")),
    enrolled("ObserverEnrollment", ""),
    enrolled("TeacherEnrollment", "active"),
    enrolled("TaEnrollment", "completed", end_at=LONG_AGO),
    added(BaseType.OBSERVER),
    enrolled_beside("zora", "pupil"),
)
CHANGING = (
    *map(ended, ("conclude", "delete", "inactivate", "deactivate")),
    called("PUT", "courses/{course}/enrollments/{pick}/reactivate"),
    called("POST", "courses/{course}/enrollments/{pick}/accept"),
    *(pressed(f"{{zora}}/{action}") for action in ("conclude", "deactivate", "reactivate", "remove")),
    pressed("{zora}/sections", section="{section}"),
    pressed("{zora}/role", new_role="{assistant}"),
    pressed("{helper}/link_students", student="{zora}"),
    enrolled_beside("helper", "zora"),
    called("DELETE", "sections/{section}"),
    called("PUT", "courses/{course}", **{"course": {"event": "conclude"}}),
    called("PUT", "courses/{course}", **{"course": {"event": "offer"}}),
)
REACHING = (
    called("PUT", "users/{zora}", user={"email": "mine@example.org", "name": "Mine"}),
    called("PUT", "users/{zora}", user={"event": "suspend"}),
    called("PUT", "accounts/{account}/logins/{zora}", login={"unique_id": "mine"}),
    called("DELETE", "accounts/{account}/users/{zora}"),
    called("DELETE", "users/{zora}/sessions"),
    called("POST", "accounts/{account}/admins", user_id="{zora}"),
    called("PUT", "users/{helper}/observees/{zora}"),
    called("POST", "users/{zora}/observer_pairing_codes"),
)


def six_of(*actions):
    return st.lists(st.tuples(st.sampled_from([*actions]), st.booleans(), st.integers(0, 5)), min_size=6, max_size=6)


def do(world, actions) -> None:
    """Let staff do these things one after the other; each is done or refused, and never an error of ours."""
    hands = [(Api(one), Client()) for one in world.staff]
    for (_api, browser), one in zip(hands, world.staff, strict=True):
        browser.force_login(one)
    for action, is_teacher, number in actions:
        enrollments = Enrollment.objects.filter(section__course=world.course, user=world.zora).order_by("id")
        there = list(enrollments.values_list("pk", flat=True))
        answered = action(world, *hands[is_teacher], there[number % len(there)] if there else 0)
        assert answered.status_code < 500


def lists_of(world) -> list[str]:
    states = ["active", "invited", "creation_pending", "inactive", "completed", "rejected", "deleted"]
    course, account, zora = world.course.pk, world.account.pk, world.zora.pk
    more = "&".join(f"include[]={what}" for what in ("email", "enrollments", "observed_users", "avatar_url"))
    filters = "&".join(f"enrollment_state[]={state}&state[]={state}" for state in states)
    return [
        f"/api/v1/courses/{course}/users?{more}&{filters}",
        f"/api/v1/courses/{course}/users?{more}",
        f"/api/v1/courses/{course}/users/{zora}?{more}",
        f"/api/v1/courses/{course}/enrollments?{more}&{filters}",
        f"/api/v1/users/{zora}",
        f"/api/v1/users/{zora}/profile",
        f"/api/v1/users/{zora}/logins",
        f"/api/v1/users/{zora}/courses?{more}&{filters}",
        f"/api/v1/users/{zora}/enrollments?{more}&{filters}",
        f"/api/v1/users/{world.parent.pk}",
        f"/api/v1/accounts/{account}/users?{more}",
        f"/courses/{course}/users?state=all",
        f"/courses/{course}/users/{zora}",
        f"/courses/{course}/grades?student={zora}",
        f"/accounts/{account}/users",
        f"/accounts/{account}/users/{zora}",
        f"/accounts/{account}/users/{zora}/edit",
        f"/accounts/{account}/users/{zora}/history",
        f"/users/{zora}/masquerade",
    ]


def is_that_of_an_invitation(world) -> None:
    """What staff may read of Zora, and do, is what an invitation gives: her name."""
    theirs = Enrollment.objects.filter(user=world.zora, section__course__account=world.account)
    assert not theirs.filter(state__in=Enrollment.ACCEPTED).exists()
    now = User.objects.get(pk=world.zora.pk)
    assert (now.name, now.login_id, now.email, now.state) == (
        "Zora Quick",
        "zora-login",
        "zora-mail@example.org",
        "registered",
    )
    assert not observed_students(world.helper).filter(pk=now.pk).exists()
    assert not PairingCode.objects.filter(student=now).exists()
    assert not people_of(world.account).filter(pk=now.pk).exists()
    for one in world.staff:
        assert not known_about(now, by=one)
        assert not known_about(world.parent, by=one)
        assert why_not_change(now, by=one)
        assert refusal_for(now, by=one)
        assert refusal_for(now, by=one, course=world.course, on_details=True)
        assert now not in students_of(world.course, by=one)
    # What a page shows depends on what has come of the invitations, not on the way there.
    outcome = tuple(
        sorted(Enrollment.objects.filter(section__course=world.course).values_list("user", "type", "state"))
    )
    if outcome in world.seen:
        return
    world.seen.add(outcome)
    for one in world.staff:
        browser, api = Client(), Api(one)
        browser.force_login(one)
        for path in lists_of(world):
            found = browser.get(path) if not path.startswith("/api") else Client(headers=api.headers).get(path)
            assert found.status_code < 500
            text = found.content.decode()
            for secret in SECRETS:
                assert secret not in text, (path, secret)
        for words in ("zora-login", "zora-mail", "Z-SIS"):
            for path in (f"courses/{world.course.pk}/users", f"accounts/{world.account.pk}/users"):
                found = api.get(path, search_term=words)
                assert found.status_code != 200 or found.json() == []
            page = browser.get(f"/courses/{world.course.pk}/users", {"search": words, "state": "all"})
            assert "Zora Quick" not in page.content.decode()


@FEWER_EXAMPLES
@given(actions=six_of(*INVITING, *TAKING, *CHANGING, *REACHING), scope=st.sampled_from(CodeScope))
def test_whatever_staff_do_another_schools_pupil_is_no_more_than_invited(world, lock_watch, actions, scope):
    with transaction.atomic(), lock_watch.beginning_here():
        world.root.code_scope = scope
        world.root.save()
        belongs_to_another_school(world)
        do(world, actions)
        is_that_of_an_invitation(world)
        transaction.set_rollback(True)


@FEWER_EXAMPLES
@given(actions=six_of(*INVITING, *INVITING, *CHANGING, *REACHING))
def test_a_bare_invitation_does_not_draw_in_a_person_who_belongs_nowhere_yet(world, lock_watch, actions):
    with transaction.atomic(), lock_watch.beginning_here():
        do(world, actions)
        is_that_of_an_invitation(world)
        transaction.set_rollback(True)


@FEWER_EXAMPLES
@given(actions=six_of(*INVITING, *TAKING, *TAKING, *CHANGING, *REACHING))
def test_a_school_that_takes_in_a_new_person_gets_neither_account_nor_what_another_adds(world, lock_watch, actions):
    with transaction.atomic(), lock_watch.beginning_here():
        do(world, actions)
        now = User.objects.get(pk=world.zora.pk)
        assert (now.login_id, now.email, now.state) == ("zora-login", "zora-mail@example.org", "registered")
        for code in PairingCode.objects.filter(student=now):
            assert code.course == world.course or code.account == world.account
        assert all(why_not_change(now, by=one) for one in world.staff)
        transaction.set_rollback(True)


@pytest.mark.parametrize("accepts", [True, False])
def test_the_answer_decides_and_nothing_staff_do_afterwards_turns_a_no_into_a_yes(world, accepts):
    belongs_to_another_school(world)
    admin, _teacher = world.staff
    do(world, [(INVITING[0], False, 0)])
    answer(Enrollment.objects.get(user=world.zora, state=State.INVITED), accepts=accepts, by=world.zora)
    if accepts:
        assert "view_user_logins" in known_about(world.zora, by=admin)
        assert refusal_for(world.zora, by=admin) is None
        assert world.zora in people_of(world.account)
        # Her parent follows, and is known from now on where she is.
        assert known_about(world.parent, by=admin)
    else:
        is_that_of_an_invitation(world)
        do(world, [(action, False, 0) for action in (*CHANGING, *TAKING, *CHANGING)])
        is_that_of_an_invitation(world)
    # Still another school's, so not for this one to change.
    assert why_not_change(world.zora, by=admin)


@pytest.mark.parametrize("acting", [True, False])
def test_nobody_answers_an_invitation_for_another_person(world, acting):
    belongs_to_another_school(world)
    do(world, [(INVITING[0], False, 0)])
    enrollment = Enrollment.objects.get(user=world.zora, state=State.INVITED)
    admin = make_admin()
    api, browser = Api(admin), Client()
    browser.force_login(admin)
    more = {}
    if acting:
        more = {"as_user_id": world.zora.pk}
        assert browser.post(f"/users/{world.zora.pk}/masquerade").status_code == 302
    for said in ("accept", "reject"):
        refused = api.post(f"courses/{world.course.pk}/enrollments/{enrollment.pk}/{said}", **more)
        assert refused.status_code == 403
    for said in ("accept", "refuse"):
        assert browser.post(f"/invitations/{enrollment.pk}", {"answer": said}).status_code == (403 if acting else 404)
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.accepted_at) == (State.INVITED, None)


@pytest.mark.parametrize(
    ("by", "through"), [("teacher", Through.STAFF), ("root", Through.INSTITUTION), ("nobody", Through.INSTITUTION)]
)
def test_whoever_belongs_nowhere_is_enrolled_at_once_and_it_says_by_whose_word(world, by, through):
    hand = {"teacher": world.staff[1], "root": make_admin(), "nobody": None}[by]
    made = enroll(UserFactory(), world.sections[0], Role.objects.built_in(BaseType.STUDENT), by=hand)
    assert (made.state, made.accepted_through) == (State.ACTIVE, through)
    assert made.accepted_at


def test_people_of_ones_own_school_are_enrolled_in_its_other_courses_at_once(world):
    admin, _teacher = world.staff
    more = SectionFactory(course=CourseFactory(account=world.account))
    for state in ("active", "completed", "inactive"):
        wanted = {"user_id": world.pupil.pk, "enrollment_state": state, "course_section_id": more.pk}
        made = Api(admin).post(f"courses/{more.course_id}/enrollments", enrollment=wanted)
        assert made.json()["enrollment_state"] == state
        assert made.json()["sis_user_id"] == world.pupil.sis_user_id


@pytest.mark.parametrize("state", [State.INACTIVE, State.COMPLETED])
def test_to_conclude_or_deactivate_an_invitation_withdraws_it_and_removes_the_observer(world, state):
    belongs_to_another_school(world)
    enrollment = EnrollmentFactory(user=world.zora, section=world.sections[0], state=State.INVITED)
    link(world.parent, world.zora, origin=ObservationLink.Origin.CODE, by=None)
    beside = Enrollment.objects.get(user=world.parent, section=world.sections[0])
    change_state(enrollment, state, by=world.staff[0])
    beside.refresh_from_db()
    assert (enrollment.state, beside.state) == (State.DELETED, State.DELETED)


def test_the_page_says_that_concluding_an_invitation_withdraws_it(world):
    EnrollmentFactory(user=world.zora, section=world.sections[0], state=State.INVITED)
    browser = Client()
    browser.force_login(world.staff[1])
    page = f"/courses/{world.course.pk}/users/{world.zora.pk}/conclude"
    assert "this withdraws it" in browser.get(page).content.decode()
    said = browser.post(page, follow=True).content.decode()
    assert "Invitation of Zora Quick as Student withdrawn." in said
    assert Enrollment.objects.get(user=world.zora).state == State.DELETED


def test_an_observer_who_was_asked_for_a_student_is_not_taken_when_the_student_concludes(world):
    belongs_to_another_school(world)
    do(world, [(enrolled_beside("zora", "pupil"), False, 0)])
    assert Enrollment.objects.get(user=world.zora, associated_user=world.pupil).state == State.INVITED
    change_state(Enrollment.objects.get(user=world.pupil), "completed", by=world.staff[0])
    is_that_of_an_invitation(world)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"state": "active"}, "nobody_is_enrolled_without_consent"),
        ({"state": "completed"}, "nobody_is_enrolled_without_consent"),
        ({"accepted_at": LONG_AGO, "accepted_through": "staff"}, "an_invitation_is_no_consent"),
        ({"state": "deleted", "accepted_at": LONG_AGO}, "consent_says_through_what"),
    ],
)
def test_the_database_itself_makes_no_yes_of_an_invitation(world, values, name):
    enrollment = EnrollmentFactory(user=world.zora, section=world.sections[0], state=State.INVITED)
    with pytest.raises(IntegrityError, match=name):
        Enrollment.objects.filter(pk=enrollment.pk).update(**values)
