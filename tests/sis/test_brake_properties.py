"""No single upload takes more than the share of what its source has, whatever becomes of its files, without asking."""

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import ObservationLink, User
from courses.models import Course, Enrollment, Section, Term
from sis.imports.deletion_brake import allowed
from sis.imports.queue import work_off
from sis.options import Options
from tests.sis.conftest import make
from tests.sis.invented_nights import Upload, texts

HEADERS = {
    "changes": "old_id,new_id,type",
    "terms": "term_id,name,status",
    "users": "user_id,login_id,status",
    "courses": "course_id,short_name,long_name,term_id,status",
    "sections": "section_id,course_id,name,status",
    "enrollments": "section_id,user_id,role,status",
    "observers": "observer_id,student_id,status",
}
STRUCK = [*HEADERS][1:]
STATUS = {name: HEADERS[name].split(",").index("status") for name in STRUCK}
NAMED = {"users": "user", "courses": "course", "sections": "section"}
ENDED = ["deleted", "deleted", "suspended", "inactive", "completed", "deleted_last_completed", "", "aktiv"]
# Each example is two imports.
checked = settings(max_examples=settings().max_examples // 3)


@st.composite
def sources(draw):
    """All that a school has, from a few people to some more than a tenth of which are two."""
    students = [f"U{n}" for n in range(draw(st.integers(1, 12)))]
    parents = [f"P{n}" for n in range(draw(st.integers(1, 12)))]
    courses = [f"C{n}" for n in range(draw(st.integers(1, 3)))]
    sections = [f"S{n}" for n in range(draw(st.integers(1, 4)))]
    return {
        "terms": [("T1", "Fall", "active")],
        "users": [(one, one.lower(), "active") for one in [*students, *parents]],
        "courses": [(one, "c", one, "T1", "published") for one in courses],
        "sections": [(one, courses[n % len(courses)], one, "active") for n, one in enumerate(sections)],
        "enrollments": [(sections[n % len(sections)], one, "student", "active") for n, one in enumerate(students)],
        "observers": [(parents[n % len(parents)], one, "active") for n, one in enumerate(students)],
    }


def blows(name: str, rows: list):
    """What may become of a file: (what, which rows, in which column, by which value)."""
    columns = st.integers(0, len(rows[0]) - 1)
    which = st.one_of(st.just(range(len(rows))), st.sets(st.integers(0, len(rows) - 1)))
    return st.one_of(
        st.just(("missing", (), 0, "")),
        st.tuples(st.just("drop"), which, st.just(0), st.just("")),
        st.tuples(st.just("set"), which, st.just(STATUS[name]), st.sampled_from(ENDED)),
        st.tuples(st.just("set"), which, columns, st.sampled_from(["", "deleted", *rows[0], *rows[-1]])),
        st.tuples(st.just("renamed"), which, columns, st.just("")),
    )


def struck(upload: Upload, name: str, blow) -> Upload:
    """The upload after that has become of one of its files."""
    what, which, column, value = blow
    if what == "missing":
        return {kind: rows for kind, rows in upload.items() if kind != name}
    rows = []
    for at, row in enumerate(upload[name]):
        if at not in which:
            rows.append(row)
        elif what != "drop":
            rows.append((*row[:column], f"N{row[column]}" if what == "renamed" else value, *row[column + 1 :]))
    return {**upload, name: rows}


@st.composite
def disasters(draw):
    """What a school has, and what it sends the next time."""
    source = draw(sources())
    upload = dict(source)
    for name in draw(st.lists(st.sampled_from(STRUCK), min_size=1, max_size=3, unique=True)):
        upload = struck(upload, name, draw(blows(name, source[name])))
    renamed = draw(st.sampled_from([None, None, *NAMED]))
    if renamed:
        # As the blow that renames has it: perhaps the file lists them so.
        some = draw(st.lists(st.sampled_from([row[0] for row in source[renamed]]), unique=True))
        upload["changes"] = [(one, f"N{one}", NAMED[renamed]) for one in some]
    return source, {name: upload[name] for name in draw(st.permutations(sorted(upload)))}


def in_force() -> dict[str, set[int]]:
    """By kind, what there is; what has been concluded is not removed."""

    def ids(found):
        return set(found.values_list("pk", flat=True))

    return {
        "people": ids(User.objects.exclude(state__in=["deleted", "suspended"])),
        "courses": ids(Course.objects.exclude(workflow_state="deleted")),
        "sections": ids(Section.objects.exclude(workflow_state="deleted")),
        "enrollments": ids(Enrollment.objects.filter(state__in=["active", "completed"])),
        "links": ids(
            ObservationLink.objects.filter(state="active")
            .exclude(observer__state="deleted")
            .exclude(student__state="deleted")
        ),
    }


@checked
@given(
    disaster=disasters(),
    way=st.sampled_from(["data set", "data set", "files", "batch"]),
)
def test_no_upload_takes_more_than_the_share_of_its_source_unasked(
    root, admin, tmp_path, settings, lock_watch, disaster, way
):
    settings.DATA_DIR = tmp_path / "data"
    source, upload = disaster

    def load(files, **options):
        name = {"diffing_data_set_identifier": "school"} if way == "data set" else {}
        made = make(root, admin, Options(**name, **options), tmp_path, texts(files, HEADERS))
        work_off(root)
        made.refresh_from_db()
        return made

    with transaction.atomic(), lock_watch.beginning_here():
        assert load(source).workflow_state == "imported"
        before = in_force()
        term = Term.objects.get(sis_term_id="T1").pk
        made = load(upload, **({"batch_mode": True, "batch_mode_term_id": term} if way == "batch" else {}))
        gone = {kind: len(ids - in_force()[kind]) for kind, ids in before.items()}
        share = {kind: allowed(len(ids), 10) for kind, ids in before.items()}
        transaction.set_rollback(True)
    if made.was_braked and "The rows were imported" not in made.data["error_message"]:
        assert not any(gone.values())
    assert all(number <= share[kind] for kind, number in gone.items()), (gone, share, made.workflow_state)
