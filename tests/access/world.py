"""Two schools side by side, with one of everybody: whatever is open here must not be open there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.models import Account, AccountAdmin, BaseType, Color, ObservationLink, Role, User
from courses.domain.observation import link
from courses.models import Assignment, Course, Enrollment, Section, Term
from notices.models import AlertType
from pairing.models import Objection
from sis.models import ProvisioningReport, SisImport
from tests.factories import (
    AccountFactory,
    CodeFactory,
    CourseFactory,
    EnrollmentFactory,
    RootFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
)
from tests.notices.alerts import make_alert

# Who stands in the other school where these stand in this one.
ELSEWHERE = {
    "student": "outsider",
    "teacher": "teacher_elsewhere",
    "observer": "other_observer",
    "sub_admin": "sub_admin_elsewhere",
    "admin": "admin",
    "powerless": "powerless",
}


@dataclass
class School:
    """What is in one school, by the names that stand in the paths of the table."""

    people: dict[str, User] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


def _school(root: Account, section: Section | None = None, **people: User) -> School:
    """A school around a section, a new one or this; with these people, of whom some may be there already."""
    section = section or SectionFactory(course=CourseFactory(account=AccountFactory(parent=root)))
    account = section.course.account
    student = people.get("student") or make_student(section)
    observer = people.get("observer") or UserFactory()
    made = link(observer, student, origin=ObservationLink.Origin.CODE, by=None)
    role = Role.objects.create(label="Helper", base_type=BaseType.TA, account=account)
    beside = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student)
    people = {
        "classmate": people.get("classmate") or make_student(section),
        "teacher": people.get("teacher") or EnrollmentFactory(section=section, type=BaseType.TEACHER).user,
        "student": student,
        "ta": EnrollmentFactory(section=section, type=BaseType.TA).user,
        "designer": EnrollmentFactory(section=section, type=BaseType.DESIGNER).user,
        "observer": observer,
        "course_observer": beside.user,
        "sub_admin": make_admin(account),
    }
    second = make_admin(account)
    idle = EnrollmentFactory(section=section, state=Enrollment.State.INACTIVE)
    invited = EnrollmentFactory(section=section, state=Enrollment.State.INVITED)
    Color.objects.create(user=student, asset="user_1", hexcode="#0b6158")
    Course.objects.filter(pk=section.course_id).update(front_page="<p>Welcome.</p>")
    assignment = Assignment.objects.create(course=section.course, name="Quiz", workflow_state="published")
    told = make_alert(observer, student, AlertType.COURSE_ANNOUNCEMENT, section.course)
    ids = {
        "account": account.pk,
        "course": section.course.pk,
        "section": section.pk,
        "assignment": assignment.pk,
        "enrollment": Enrollment.objects.get(user=student, section=section, type=BaseType.STUDENT).pk,
        "beside": beside.pk,
        "link": made.pk,
        "second": second.pk,
        "second_admin": second.account_admins.get().pk,
        "spare": SectionFactory(course=section.course).pk,
        "idle": idle.user_id,
        "idle_enrollment": idle.pk,
        "invitation": invited.pk,
        "code": CodeFactory(student=student).pk,
        "report": Objection.objects.create(student=student, observer=observer).pk,
        "role": role.pk,
        "threshold": told.threshold_id,
        "alert": told.pk,
        **{name: person.pk for name, person in people.items()},
    }
    return School(people, ids)


class World:
    """The institution: `here` and `there` are schools, `people` everybody by name, `ids` what both share.

    `here` is around a section that is there already, if one is given, and with the people given by name.
    """

    def __init__(self, section: Section | None = None, **people: User) -> None:
        self.root = RootFactory()
        self.here, self.there = _school(self.root, section, **people), _school(self.root)
        self.shared: dict[str, int | str] = {
            "root": self.root.pk,
            "teacher_role": Role.objects.built_in(BaseType.TEACHER).pk,
            "student_role": Role.objects.built_in(BaseType.STUDENT).pk,
            "admin_role": Role.objects.built_in(BaseType.ACCOUNT_ADMIN).pk,
            "permission": "read_roster",
            "kind": "observer",
            "asset": "user_1",
            "state": "read",
            "import": SisImport.objects.create(account=self.root, file_name="users.csv", workflow_state="created").pk,
            "report_asked": ProvisioningReport.objects.create(account=self.root, user=make_admin(), files=["terms"]).pk,
            "term": Term.objects.create(name="Autumn").pk,
        }
        bare = Role.objects.create(label="Visitor", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=self.root)
        powerless = UserFactory()
        AccountAdmin.objects.create(user=powerless, account=self.root, role=bare)
        self.people: dict[str, User] = {
            **self.here.people,
            "admin": make_admin(),
            "powerless": powerless,
            **{ELSEWHERE[name]: user for name, user in self.there.people.items() if name in ELSEWHERE},
        }

    def ids(self, school: School, **instead: int) -> Mapping[str, int | str]:
        """The ids of one school; some of them exchanged."""
        return {**self.shared, **school.ids, **instead}
