"""The sample rosters of other systems, from the files to the records."""

from collections import Counter

import pytest

from accounts.models import Account, ObservationLink, User
from courses.models import Course, Enrollment, Section, Term
from tests.sis.rosters import sample_texts

pytestmark = pytest.mark.django_db

MODELS = (Account, Term, Course, Section, User, Enrollment, ObservationLink)


def records() -> tuple:
    """How many there are of each, who observes whom, and who is in the courses as what."""
    links = ObservationLink.objects.filter(state="active").order_by("id")
    return (
        [model.objects.count() for model in MODELS],
        list(links.values_list("observer__sis_user_id", "student__sis_user_id")),
        Counter(Enrollment.objects.values_list("type", "state")),
    )


@pytest.mark.parametrize(
    ("name", "counts", "links", "enrollments"),
    [
        (
            "oneroster-v1p1-moodle-full",
            # The root account and the admin who imports are there already.
            [2, 3, 2, 2, 7, 6, 1],
            [("usr-222-1234561", "usr-222-66778899")],
            {("TeacherEnrollment", "completed"): 1, ("StudentEnrollment", "completed"): 2,
             ("TeacherEnrollment", "deleted"): 1, ("StudentEnrollment", "deleted"): 2},
        ),
        (
            "oneroster-v1p2-moodle",
            # The role of the only guardian has ended in the meantime.
            [2, 3, 2, 2, 7, 6, 0],
            [],
            {("TeacherEnrollment", "completed"): 1, ("StudentEnrollment", "completed"): 2,
             ("TeacherEnrollment", "deleted"): 1, ("StudentEnrollment", "deleted"): 2},
        ),
        ("oneroster-v1p1-tao", [3, 0, 3, 3, 3, 3, 0], [], {("StudentEnrollment", "active"): 3}),
        (
            "sds-v2.1",
            [5, 2, 2, 2, 9, 9, 3],
            [("114002", "114001"), ("114002", "114003"), ("114005", "114004")],
            {("StudentEnrollment", "active"): 4, ("TeacherEnrollment", "active"): 2,
             ("ObserverEnrollment", "active"): 3},
        ),
    ],
)  # fmt: skip
def test_a_sample_arrives_whole_and_a_second_time_changes_nothing(load, name, counts, links, enrollments):
    for _again in range(2):
        made = load(**sample_texts(name))
        assert made.workflow_state == "imported_with_messages"
        assert not made.sis_import_errors.exclude(kind="file").exists()
        assert records() == (counts, links, Counter(enrollments))
    changes = made.data["statistics"]
    assert changes["total_state_changes"] == 0


def test_what_a_whole_roster_does_not_list_any_more_goes(load):
    texts = sample_texts("sds-v2.1")
    load(**texts)
    people = texts["users"].splitlines()
    gone = people[-1].split(",")[0].strip('"')
    assert User.objects.get(sis_user_id=gone).state == "registered"
    texts = {name: "\n".join(line for line in text.splitlines() if gone not in line) for name, text in texts.items()}
    load(**texts)
    assert User.objects.get(sis_user_id=gone).state == "deleted"
