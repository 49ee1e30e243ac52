"""Whatever stands in a cell, alone or beside others: a row may be refused, an import is never given up for it."""

import csv
import io

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from courses.models import Course, Section
from sis.imports.queue import work_off
from sis.kinds.kind import DATES
from sis.kinds.registry import KINDS
from sis.options import Options
from tests.sis.conftest import make

ODD = [
    *("<delete>", "<DELETE>", "+-1", "--", "-", "+", "-1", "0", "1e400", "NaN", "infinity", "now", "epoch", "null"),
    *(
        "99999999999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "\xb2",
        "\uff11",
        "٣",
    ),
    *(
        "a" * 255,
        "a" * 256,
        "a" * 101,
        "b" * 250 + " " + "c" * 4,
        "d d" * 85,
        "ﬃ" * 100,
        "ß" * 100,
        "\N{MATHEMATICAL SCRIPT CAPITAL X}" * 255,
    ),
    *("0000-00-00", "0001-01-01", "9999-12-31", "1900-01-01T00:00+23:59", "2200-12-31T23:59:59-23:59", "2026-02-30"),
    *("2026-01-01T00:00+99:99", "\uff12026-01-01", "2026-01-01 24:00", "294277-01-01", "2026-12-31T23:59:60Z"),
    *(
        "\u202e",
        "\u200b",
        "\ufeff",
        "\u2028x",
        "e\u0301",
        "İ",
        "\u0131",
        "\U0010ffff",
        "\ufdd0",
        "\x01",
        "\x1d",
        "\x7f",
    ),
    *("'", '"', "\\", "\\N", "\\.", "%", "%s", "%(by)s", "{", "{}", "{0}", "{id}", "{id.x}", "x~1", "a,b", "a\nb"),
]
IDS = ["A", "B", "C"]
WORDS = {
    "status": ["active", "active", "active", "deleted", "completed", "inactive", "suspended", "deleted_last_completed"],
    "role": ["student", "teacher", "observer", "AccountAdmin", "StudentEnrollment"],
    "type": ["user", "account", "term", "course", "section"],
    "login_id": ["a", "A", "b", "c", "a~1"],
    "old_id": ["A", "B", "C", ""],
    "date_override_enrollment_type": ["StudentEnrollment", "", "", ""],
    "limit_section_privileges": ["true", "no", ""],
    "authentication_provider_id": ["canvas", "", ""],
    "declared_user_type": ["student", ""],
    "course_format": ["online", ""],
    "grade_passback_setting": ["not_set", ""],
    **{name: ["2026-09-01", "2026-12-01T10:00:00+01:00", ""] for name in DATES},
    **{
        name: [""]
        for name in ("root_account", "role_id", "existing_canvas_user_id", "email", "password", "ssha_password")
    },
    **{name: ["", "I", "J"] for name in ("integration_id", "existing_integration_id", "user_integration_id")},
    **{name: [*IDS, ""] for name in ("parent_account_id", "account_id", "associated_user_id", "course_id", "term_id")},
}


def files_of(kind):
    """A file of this kind with all of its columns: rows that mostly could be applied but for an odd cell or two."""
    columns = (*kind.columns, "password", "ssha_password") if kind.name == "user" else kind.columns
    usual = st.tuples(*(st.sampled_from(WORDS.get(name, IDS)) for name in columns))
    odd = st.dictionaries(st.integers(0, len(columns) - 1), st.sampled_from(ODD), max_size=2)
    row = st.tuples(usual, odd).map(lambda it: [it[1].get(at, cell) for at, cell in enumerate(it[0])])
    return st.lists(row, min_size=1, max_size=6).map(lambda rows: [columns, *rows])


def text_of(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


@pytest.fixture
def said_of(root, admin, tmp_path, settings, lock_watch):
    """`said_of(files, option=…)`: the kinds of what an import of these says, into a school that has one of each."""
    settings.DATA_DIR = tmp_path / "data"

    def load(files, **options):
        texts = {name: text_of(rows) for name, rows in files.items()}
        made = make(root, admin, Options(ignore_deletion_brake=True, **options), tmp_path, texts)
        work_off(root)
        made.refresh_from_db()
        assert made.workflow_state.startswith("imported" if files else "failed"), made.sis_import_errors.first()
        said = set(made.sis_import_errors.values_list("kind", flat=True))
        assert "not_saved" not in said
        return said

    def said_of(files, **options):
        with transaction.atomic(), lock_watch.beginning_here():
            load(SCHOOL)
            found = load(files, **options)
            transaction.set_rollback(True)
        return found

    return said_of


SCHOOL = {
    "accounts": [("account_id", "parent_account_id", "name", "status"), ("A", "", "School", "active")],
    "terms": [("term_id", "name", "status"), ("A", "Autumn", "active")],
    "courses": [("course_id", "short_name", "long_name", "status", "account_id"), ("A", "b", "Biology", "active", "A")],
    "sections": [("section_id", "course_id", "name", "status"), ("A", "A", "Section", "active")],
    "users": [
        ("user_id", "login_id", "status", "integration_id"),
        ("A", "a", "active", "I"),
        ("B", "b", "active", ""),
        ("D", "a~1", "active", "J"),
    ],
    "enrollments": [("section_id", "user_id", "role", "status"), ("A", "A", "student", "active")],
    "observers": [("observer_id", "student_id", "status"), ("B", "A", "active")],
}


@settings(phases=[Phase.generate], max_examples=settings().max_examples // 2)
@given(
    files=st.fixed_dictionaries({}, optional={name: files_of(kind) for name, kind in KINDS.items()}),
    options=st.fixed_dictionaries(
        {
            name: st.booleans()
            for name in ("update_sis_id_if_login_claimed", "override_sis_stickiness", "add_sis_stickiness", "dry_run")
        }
    ),
)
def test_no_cell_costs_the_import(said_of, files, options):
    said_of(files, **options)


PLACE = "section_id,user_id,role,status"


@pytest.mark.parametrize(
    "files",
    [
        {"sections": "section_id,course_id,name,status,start_date\nS,C,A,active,<delete>"},
        {"enrollments": f"{PLACE},start_date\nS,A,student,active,<delete>"},
        {"enrollments": f"{PLACE},start_date\nS,A,student,active,2026-01-01T10:00-23:59"},
        {"enrollments": f"{PLACE},limit_section_privileges\nS,A,student,active,-1"},
        {"terms": "term_id,name,status,end_date\nT,Autumn,active,<delete>"},
        {"users": f"user_id,login_id,status,first_name,last_name\nN,n,active,{'a' * 200},{'b' * 200}"},
        {"users": f"user_id,login_id,status,full_name\nN,n,active,{'a' * 250} {'b' * 4}"},
        {"users": "user_id,login_id,status,integration_id\nN,n,active,I\nA,a,deleted,I"},
        {"users": "user_id,login_id,status,integration_id\nN,n,active,I\nO,o,deleted,I"},
        {"admins": "user_id,account_id,role,status\nA,,AccountAdmin,active\nA,ROOT,AccountAdmin,active"},
    ],
)
def test_what_stands_in_one_row_is_nothing_to_the_import(load, root, files):
    root.sis_account_id = "ROOT"
    root.save()
    load(
        users="user_id,login_id,status\nA,a,active\nP,p,active",
        courses="course_id,short_name,long_name,status\nC,b,Biology,active",
        sections="section_id,course_id,name,status\nS,C,Section,active",
        enrollments="section_id,user_id,role,status\nS,A,student,active",
    )
    made = load(**files, observers="observer_id,student_id,status\nP,A,active")
    assert (made.error_count, made.data["counts"]["user_observers"] + made.warning_count) == (0, 1)


def test_a_name_of_two_long_parts_is_cut(load):
    load(users=f"user_id,login_id,status,first_name,last_name\nN,n,active,{'a' * 200},{'b' * 200}")
    made = User.objects.get(sis_user_id="N")
    assert (made.name, made.sortable_name) == (f"{'a' * 200} {'b' * 54}", f"{'b' * 200}, {'a' * 53}")


def test_somebody_made_deleted_does_not_take_another_ones_integration_id(load):
    header = "user_id,login_id,status,integration_id"
    load(users=f"{header}\nA,a,active,I\nB,b,active,J")
    made = load(users=f"{header}\nB,b,deleted,I")
    assert made.workflow_state == "imported"
    assert dict(User.objects.exclude(integration_id=None).values_list("sis_user_id", "integration_id")) == {
        "A": "I",
        "B": "J",
    }


def test_the_word_that_clears_a_date_is_none_where_blanks_clear(load):
    header = "section_id,course_id,name,status,start_date"
    load(
        courses="course_id,short_name,long_name,status,start_date\nC,b,Biology,active,2026-09-01",
        sections=f"{header}\nS,C,A,active,2026-09-01",
    )
    made = load(
        courses="course_id,short_name,long_name,status,start_date\nC,b,Biology,active,<delete>",
        sections=f"{header}\nS,C,A,active,<delete>",
    )
    assert (made.workflow_state, Section.objects.get().start_at, Course.objects.get().start_at) == (
        *("imported", None),
        None,
    )


def test_the_login_of_somebody_deleted_goes_to_another_whatever_logins_there_are(load):
    header = "user_id,login_id,status"
    load(users=f"{header}\nA,a,deleted")
    gone = User.objects.get(sis_user_id="A")
    load(users=f"{header}\nB,a~{gone.pk},active")
    assert load(users=f"{header}\nC,a,active").workflow_state == "imported"
    assert User.objects.get(sis_user_id="C").login_id == "a"
