"""What a kind of roster file is stands in one place: its module and the SQL beside it. Everything else follows."""

import ast
import re
from pathlib import Path

import pytest
from django.db import connection
from django.utils.translation import gettext_lazy as _

from courses.domain.observation_events import author
from courses.models import Course
from sis.files.passwords import PasswordCipher
from sis.guards import WIDTH
from sis.imports import batch_mode, changed_ids, deletion_brake, doubtful_ids, repeats
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.kinds import registry
from sis.kinds.chunks import Outcome, Round, Run, apply_chunk, clashing, put_back_states
from sis.kinds.ids import NAMED_BY
from sis.kinds.kind import Brake, Example, Kind, Record
from sis.kinds.registry import KINDS, UNSUPPORTED
from sis.kinds.sql import read_sql
from sis.models import SisImport
from sis.options import Options
from sis.report.messages import COMMON, sentence, text_of, texts
from sis.report.presenters import kinds_supplied, summary_of, told_of
from tests.factories import CourseFactory
from tests.sis.conftest import warnings
from tests.sis.texts import table

HOUSE = Path(__file__).resolve().parents[2]
SECTIONS = re.compile(r"^-- (?:statement|part): (\w+)\n(.*?)(?=^-- (?:statement|part): |\Z)", re.MULTILINE | re.DOTALL)
ALL = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


@pytest.fixture
def run(root):
    made = SisImport.objects.create(account=root, file_name="roster.csv")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE sis_standing (user_id text, stays boolean)")
    yield Run(made.pk, root.pk, None, Options(), PasswordCipher())
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE sis_standing")


def explain(sql: str, values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", values)
        assert cursor.fetchall()


class TestStatements:
    @ALL
    def test_the_database_can_plan_each(self, run, kind):
        this = Round(run, kind, frozenset(kind.columns), 1, 1)
        # What is known only once rows have been looked up.
        values = {**this.values, **dict.fromkeys(("ns", "passwords", "marks", "student", "base", "since", "deltas"))}
        for whole in (clashing(kind), kind.sql["look_up"]):
            explain(whole, values)
        this.execute(kind.sql["look_up"])
        for name, sql in kind.sql.statements.items():
            if name not in ("clash", "look_up"):
                explain(sql, values)

    @ALL
    def test_a_chunk_of_no_rows_runs_all_of_them_and_does_nothing(self, run, kind):
        assert apply_chunk(kind, run, frozenset(kind.columns), 1, 1) == Outcome()

    def test_the_database_can_plan_what_the_deletion_brake_counts(self, db):
        values = {f"files_{kind}": [1] for kind in KINDS} | {f"batch_{kind.plural}": True for kind in KINDS.values()}
        values |= {"batch": True, "term": 1, "multi": True, "skip_deletes": False, "update_sis_id": False}
        values["chain"] = "nightly"
        for brake in (kind.brake for kind in KINDS.values() if kind.brake):
            explain(deletion_brake.count_going(brake), values)
        explain(deletion_brake.count_replaced(), values)
        explain(deletion_brake.any_going(KINDS.values()), {**values, "ending": deletion_brake.ENDING})

    def test_the_database_can_plan_what_batch_mode_removes(self, run):
        values = {"import": run.sis_import_id, "term": 1, "multi": True, "drop": "completed", "ids": [1]}
        values |= author(None)
        unlisted = batch_mode.unlisted_of(KINDS)
        assert [one.plural for one in unlisted] == ["enrollments", "sections", "courses"]
        for one in unlisted:
            whole = (one.count_live, one.count_going(KINDS), one.read_some, one.remove, *one.mode.before)
            for sql in filter(None, (one.lock, *whole)):
                explain(sql, values)

    def test_the_database_can_plan_what_looks_for_doubtful_ids(self, db):
        explain(doubtful_ids.SHARED, {"files": [1]})
        for kind in KINDS.values():
            explain(doubtful_ids.mark_shortened(kind), [[1]])
            if kind.people:
                explain(doubtful_ids.mark_shared(kind), {"files": [1], "shared": ["1"]})

    def test_the_database_can_plan_what_looks_for_repeats(self, db):
        values = {"files": [1], "most": 1, "keys": [1], "shared": ["1"]}
        for kind in KINDS.values():
            explain(repeats.find_repeated(kind), values)
            explain(repeats.drop_repeated(kind), values)
            for column in repeats.UNIQUE & {*kind.columns}:
                for sql in (repeats.find_shared, repeats.find_shared_by_many, repeats.mark_shared):
                    explain(sql(kind, column), values)

    def test_the_database_can_plan_what_follows_changed_ids(self, db):
        values = {"first": 1, "last": 2, "base": 1, "files": [1]}
        for kind in KINDS.values():
            explain(changed_ids.drop_listed(kind), values)
            for column in NAMED_BY.keys() & {*kind.columns}:
                explain(changed_ids.rename(kind, column), values)

    @ALL
    def test_whose_ids_each_column_holds_is_known(self, kind):
        """Columns of no record that is called otherwise one day, or that say what a record is to be called."""
        others = {"login_id", "role_id", "record_id", "integration_id", "authentication_provider_id"}
        others |= {"existing_canvas_user_id", "old_id", "old_integration_id", "new_id", "new_integration_id"}
        assert {column for column in kind.columns if column.endswith("_id")} <= {*NAMED_BY, *others}

    def test_what_stands_in_braces_must_be_known(self, tmp_path):
        (tmp_path / "odd.sql").write_text("-- statement: look_up\nSELECT {nothing_of_this_name} FROM rows\n")
        with pytest.raises(KeyError):
            read_sql(tmp_path / "odd.py", ("id",))

    def test_over_what_is_long_stands_why_it_is_so(self):
        silent = []
        for path in (HOUSE / "sis" / "kinds").glob("*.sql"):
            for name, text in SECTIONS.findall(path.read_text()):
                if len(text.split("\n")) > 8 and not text.startswith("-- "):
                    silent.append(f"{path.name}: {name}")
        assert silent == []

    def test_comments_are_for_readers_only(self):
        assert not [kind.name for kind in KINDS.values() for sql in kind.sql.statements.values() if "--" in sql]


class TestMessages:
    @ALL
    def test_there_is_one_for_each_reason_to_refuse_a_row(self, kind):
        reasons = set(re.findall(r"\bTHEN\s+'(\w+)'", kind.sql.parts["problem"])) - {"skip"}
        assert reasons
        assert [reason for reason in reasons if text_of(reason) is None] == []

    @ALL
    def test_no_kind_says_differently_what_another_says_too(self, kind):
        others = {name for other in KINDS.values() if other is not kind for name in other.messages}
        assert kind.messages.keys() & (others | COMMON.keys()) == set()

    @pytest.mark.parametrize("blank", [None, ""])
    def test_what_is_blank_leaves_no_hole(self, blank):
        for name, text in texts().items():
            ids = dict.fromkeys(re.findall(r"\{(\w+)\}", str(text)), blank)
            said = sentence(name, ids)
            assert not re.search(r"  |“”|\(\)| [.,:;]|^ | $", said), said

    @ALL
    def test_what_its_own_messages_name_is_looked_up(self, kind):
        given = {*re.findall(r"'(\w+)',", kind.sql.parts["ids"]), "for_section", "words", "detail"}
        for name, text in kind.messages.items():
            assert {*re.findall(r"\{(\w+)\}", str(text))} <= given, name


CLOSURES = """
-- statement: clash
SELECT n, 'course ' || closed_course_id, true FROM rows

-- part: problem
CASE WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN course.id IS NULL THEN 'nothing_to_close' END

-- statement: look_up
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows}
SELECT given.n, given.row, NULL AS caution, {problem} AS problem,
       json_build_object('id', given.closed_course_id) AS ids,
       {info} AS info, course.id AS found, course.workflow_state AS before, given.status AS after
FROM rows AS given LEFT JOIN courses_course AS course ON course.sis_course_id = given.closed_course_id

-- statement: update
UPDATE courses_course AS course SET workflow_state = given.after, sis_import_id = %(import)s
FROM looked_up AS given WHERE course.id = given.found AND given.problem IS NULL

-- part: brake
live AS (SELECT id, sis_import_id FROM courses_course WHERE workflow_state <> 'deleted'),
going AS (
    SELECT course.id, given.{was_added} AS added
    FROM closure_rows AS given JOIN courses_course AS course ON course.sis_course_id = given.closed_course_id
    WHERE {going}
)
"""


@pytest.fixture
def closures(tmp_path, monkeypatch) -> Kind:
    """A kind that nothing in the house has heard of: its two files."""
    (tmp_path / "closures.sql").write_text(CLOSURES)
    columns = ("closed_course_id", "status")
    sql = read_sql(tmp_path / "closures.py", columns)

    def apply(this: Round) -> None:
        this.look_up("courses_course")
        this.note_changes("Closure")
        this.execute(sql["update"])

    kind = Kind(
        order=200,
        name="closure",
        plural="closures",
        label=_("Closures"),
        recognizes=lambda has: "closed_course_id" in has,
        columns=columns,
        key=("closed_course_id",),
        sql=sql,
        apply=apply,
        messages={"nothing_to_close": _("There is no course {id} to close.")},
        example=Example(20, "closed_course_id,status\nC1,deleted"),
        record=Record("Closure", "courses_course", "workflow_state", "x.name", put_back_states(Course)),
        brake=Brake(9, _("closed courses"), reads=("closure",), sql=sql.parts["brake"]),
    )
    monkeypatch.setitem(KINDS, kind.name, kind)
    return kind


@pytest.fixture
def courses(root) -> list[Course]:
    return [
        CourseFactory(account=root, sis_course_id=f"C{number}", name=f"Course {number}", workflow_state="available")
        for number in range(12)
    ]


def closing(*ids: str, status: str = "deleted") -> str:
    return table("closed_course_id,status", *(f"{sis_id},{status}" for sis_id in ids))


def closed() -> list[str | None]:
    return list(Course.objects.filter(workflow_state="deleted").order_by("pk").values_list("sis_course_id", flat=True))


class TestNewKind:
    def test_is_read_applied_counted_and_reported(self, load, closures, courses):
        made = load(any_name=closing("C1", "C99"))
        assert closed() == ["C1"]
        assert made.data["supplied_batches"] == made.data["completed_importers"] == ["closure"]
        assert made.data["counts"]["closures"] == 1
        assert made.data["statistics"]["Closure"] == {"created": 0, "restored": 0, "deleted": 1}
        assert kinds_supplied(made) == ["Closures"]
        assert summary_of(made) == "Closures: 1 removed."
        assert warnings(made) == [(3, "nothing_to_close")]
        assert made.sis_import_errors.get().message == "There is no course C99 to close."

    def test_is_told_by_a_dry_run(self, load, closures, courses):
        made = load(options=Options(dry_run=True), closures=closing("C1"))
        assert closed() == []
        found = {str(told.label): told.parts for told in told_of(made)}
        assert found["Closures"] == [("would be removed", 1, ["Course 1"], 0)]

    def test_is_taken_back(self, load, root, admin, closures, courses):
        made = load(closures=closing("C1"))
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, closed()) == ("restored", [])

    def test_is_braked(self, load, closures, courses):
        made = load(options=Options(), closures=closing(*(f"C{number}" for number in range(11))))
        assert (made.was_braked, closed()) == (True, [])
        assert "11 of 12 active closed courses" in made.data["error_message"]

    def test_goes_where_a_data_set_lists_it_no_more(self, load, closures, courses):
        data_set = Options(diffing_data_set_identifier="closures", ignore_deletion_brake=True)
        load(options=data_set, closures=closing("C1", "C2", status="available"))
        load(options=data_set, closures=closing("C2", status="available"))
        assert closed() == ["C1"]

    def test_is_found_by_the_two_files_alone(self):
        files = {path.stem for path in (HOUSE / "sis" / "kinds").glob("*.sql")} - {"common"}
        assert {Path(registry.__file__).parent / f"{name}.py" for name in files} == {
            path for path in (HOUSE / "sis" / "kinds").glob("*.py") if "\nKIND = " in path.read_text()
        }
        assert len(KINDS) == len(files)


def test_kinds_have_names_numbers_and_classes_of_their_own():
    every = [*KINDS.values(), *UNSUPPORTED]
    for of in (
        lambda kind: kind.order,
        lambda kind: kind.name,
        lambda kind: kind.plural,
        lambda kind: kind.class_name or kind.plural,
    ):
        assert len({of(kind) for kind in every}) == len(every)


@ALL
def test_the_staging_table_has_room_for_all_columns(kind):
    assert len(kind.staged) <= WIDTH


def test_no_list_of_kinds_stands_anywhere_else():
    names = {name for kind in KINDS.values() for name in (kind.name, kind.plural, kind.class_name) if name}
    found = {}
    for room in ("report", "imports", "upload", "views", "api"):
        for path in (HOUSE / "sis" / room).glob("*.py"):
            texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
            # One or two may be spoken of, or be a word of something else.
            if len(named := texts & names) > 2:
                found[f"{room}/{path.name}"] = named
    assert found == {}
