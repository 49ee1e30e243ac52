"""What may become of an upload on its way: rows missing, wrong, twice, files missing, all in any order."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils import timezone
from hypothesis import strategies as st

from accounts.models import Account, AccountAdmin, FurtherSisId, ObservationLink, User
from courses.domain.courses import delete_course
from courses.domain.enrollments import change_state
from courses.domain.observation import unlink
from courses.models import Course, Enrollment, Section, Term
from sis.files.csv_records import written
from tests.sis.texts import table

Row = tuple[str, ...]
# The rows of each file
Upload = Mapping[str, list[Row]]
# What stands in a cell by mistake, besides what stands in that column elsewhere.
NOTHING_FIXED: Mapping[str, int] = MappingProxyType({})
NO_LIMITS: Mapping[tuple[str, int], list[str]] = MappingProxyType({})
WRONG = ["", "NOPE", "deleted", "tobedeleted", "suspended", "inactive"]
SHORT = {
    "StudentEnrollment": "student",
    "TeacherEnrollment": "teacher",
    "TaEnrollment": "ta",
    "ObserverEnrollment": "observer",
}


def texts(upload: Upload, headers: Mapping[str, str]) -> dict[str, str]:
    """The files as text, in the order of the upload."""
    return {name: table(headers[name], *(written(list(row)) for row in rows)) for name, rows in upload.items()}


@st.composite
def spoiled(draw, uploads, *, limits=NO_LIMITS, needed=frozenset(), fixed=NOTHING_FIXED):
    """An upload of which rows are missing, wrong or repeated, and perhaps files, in any order.

    What may stand by mistake in a column (file, index) is anything, or one of its `limits`; the files that are `needed`
    are there, and so are the first rows of files, as many as `fixed` says.
    """
    upload = {name: list(rows) for name, rows in draw(uploads).items()}
    for name, rows in upload.items():
        before, first = list(rows), fixed.get(name, 0)
        for what in draw(st.lists(st.sampled_from(["drop", "spoil", "spoil", "repeat"]), max_size=2)) if rows else ():
            if len(rows) <= first:
                break
            at = draw(st.integers(first, len(rows) - 1))
            if what == "drop":
                del rows[at]
                continue
            column = draw(st.integers(0, len(rows[at]) - 1))
            anything = [*WRONG, *sorted({row[column] for row in before})]
            value = draw(st.sampled_from(limits.get((name, column), anything)))
            wrong = (*rows[at][:column], value, *rows[at][column + 1 :])
            if what == "spoil":
                rows[at] = wrong
            else:
                rows.insert(draw(st.integers(first, len(rows))), wrong)
    missing = draw(st.lists(st.sampled_from(sorted(set(upload) - needed)), unique=True, max_size=2))
    return {name: upload[name] for name in draw(st.permutations(sorted(upload))) if name not in missing}


@st.composite
def changes_by_hand(draw, said):
    """What people may end by hand of what an upload said."""
    changes = [("link", *pair) for pair in said["observers"]]
    active = [one for one, state in said["enrollments"].items() if state == "active"]
    changes += [("enrollment", *one[:2]) for one in active if one[2] != "observer"]
    changes += [("course", one) for one in said["courses"]]
    return draw(st.lists(st.sampled_from(changes), unique=True, max_size=3)) if changes else []


def do_by_hand(admin, what, *ids):
    if what == "link":
        for link in ObservationLink.objects.filter(
            observer__sis_user_id=ids[0], student__sis_user_id=ids[1], state="active"
        ):
            unlink(link, by=admin)
    if what == "enrollment":
        for one in Enrollment.objects.filter(section__sis_section_id=ids[0], user__sis_user_id=ids[1], state="active"):
            change_state(one, "deleted", by=admin)
    if what == "course":
        for one in Course.objects.filter(sis_course_id=ids[0]).exclude(workflow_state="deleted"):
            delete_course(one, by=admin)
            # All of an example is one transaction, and so one moment to the database.
            Enrollment.objects.filter(section__course=one).update(updated_at=timezone.now())


def end(wanted, what, *ids):
    """End in what is said what people end by hand, with all that follows."""
    enrollments = wanted["enrollments"]
    if what == "link":
        del wanted["observers"][ids]
        ended = {one for one in enrollments if one[1:] == (ids[0], "observer", ids[1])}
    elif what == "course":
        del wanted["courses"][ids[0]]
        ended = {one for one in enrollments if ids[0] == wanted["sections"][one[0]][1]}
    else:
        ended = {one for one in enrollments if one[0] == ids[0] and ids[1] in (one[1], one[3])}
    wanted["enrollments"] = {one: state for one, state in enrollments.items() if one not in ended}


def what_is() -> dict[str, dict]:
    """All that is in force, by its ids. What observers have of what is over counts for nothing."""
    people = User.objects.exclude(state="deleted").exclude(sis_user_id=None).exclude(login_id="alex")
    enrollments = Enrollment.objects.exclude(state="deleted").values_list(
        "section__sis_section_id", "user__sis_user_id", "type", "associated_user__sis_user_id", "state"
    )
    links = ObservationLink.objects.filter(state="active").exclude(observer__state="deleted")
    links = links.exclude(student__state="deleted")
    admins = AccountAdmin.objects.filter(workflow_state="active").exclude(user__login_id="alex")
    return {
        "accounts": {
            one: (name, parent)
            for one, name, parent in Account.objects.filter(workflow_state="active")
            .exclude(parent=None)
            .values_list("sis_account_id", "name", "parent__sis_account_id")
        },
        "terms": dict(
            Term.objects.filter(workflow_state="active").exclude(sis_term_id=None).values_list("sis_term_id", "name")
        ),
        "courses": {
            one: more
            for one, *more in Course.objects.exclude(workflow_state="deleted").values_list(
                "sis_course_id", "name", "account__sis_account_id", "term__sis_term_id", "workflow_state"
            )
        },
        "sections": {
            one: more
            for one, *more in Section.objects.filter(workflow_state="active").values_list(
                "sis_section_id", "name", "course__sis_course_id", "nonxlist_course__sis_course_id"
            )
        },
        "users": {one: more for one, *more in people.values_list("sis_user_id", "login_id", "name", "state")},
        "logins": dict(FurtherSisId.objects.filter(is_live=True).values_list("sis_user_id", "user__sis_user_id")),
        "enrollments": {
            (section, who, SHORT[type_], whom): state
            for section, who, type_, whom, state in enrollments
            if not (whom and state == "completed")
        },
        "admins": dict.fromkeys(admins.values_list("user__sis_user_id", "account__sis_account_id", "role__label"), ()),
        "observers": dict.fromkeys(links.values_list("observer__sis_user_id", "student__sis_user_id"), ()),
    }


def differences(found: Mapping[str, dict], wanted: Mapping[str, dict]) -> dict[tuple, tuple]:
    """Where what is in force differs from what should be: (what there is, what should be) by kind and id."""
    return {
        (kind, one): (found[kind].get(one), wanted[kind].get(one))
        for kind in wanted
        for one in {*found[kind], *wanted[kind]}
        if found[kind].get(one) != wanted[kind].get(one)
    }
