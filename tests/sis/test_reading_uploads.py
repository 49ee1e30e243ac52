"""Opening uploads: which files they hold, and which rows those."""

import tracemalloc

import pytest

from sis.upload.contents import MalformedFile, Problem
from tests.sis.rosters import upload_of, zipped

USERS = "user_id,login_id,status\nU1,sam,active\n"
LINKS = "observer_id,student_id,status\nU2,U1,active\n"


def test_names_are_lower_cased_and_everything_is_trimmed(tmp_path):
    with upload_of(tmp_path, "\ufeff Login_ID ,USER_ID,, Status\n  sam\u00a0, U1,left out ,\n") as upload:
        [file] = upload.files
        assert (file.kind, file.columns) == ("user", {"login_id", "user_id", "status"})
        [row] = file.rows()
        assert (row.number, row.cells) == (2, {"login_id": "sam", "user_id": "U1", "status": None})
        assert upload.problems == []
        assert upload.is_whole is False
        assert upload.source == ""


def test_rows_are_numbered_as_records_blank_lines_not_counted(tmp_path):
    text = 'user_id,login_id\n\n"U\n1",a\n\n , \nU2,b,surplus\nU3\n'
    with upload_of(tmp_path, text) as upload:
        rows = [(row.number, row.cells["user_id"], row.cells["login_id"]) for row in upload.files[0].rows()]
    assert rows == [(2, "U\n1", "a"), (4, "U2", "b"), (5, "U3", None)]


def test_rows_can_be_read_again(tmp_path):
    with upload_of(tmp_path, USERS) as upload:
        [file] = upload.files
        assert list(file.rows()) == list(file.rows())


def test_a_header_alone_is_a_file_without_rows(tmp_path):
    with upload_of(tmp_path, "observer_id,student_id,status") as upload:
        [file] = upload.files
        assert (file.kind, list(file.rows())) == ("user_observer", [])


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("old_id,new_id,type", "change_sis_id"),
        ("old_integration_id,new_integration_id,type", "change_sis_id"),
        ("account_id,parent_account_id,name,status", "account"),
        ("term_id,name,status", "term"),
        ("course_id,short_name,long_name,status,account_id", "course"),
        ("section_id,course_id,name,status", "section"),
        ("xlist_course_id,section_id,status", "xlist"),
        ("user_id,login_id,status", "user"),
        ("user_id,login_id,existing_user_id", "login"),
        ("course_id,user_id,role,status", "enrollment"),
        ("section_id,user_integration_id,role,status", "enrollment"),
        ("account_id,user_id,role,status", "admin"),
        ("observer_id,student_id,status", "user_observer"),
    ],
)
def test_the_header_says_what_a_file_is(tmp_path, header, kind):
    with upload_of(tmp_path, header, "whatever.CSV") as upload:
        assert [file.kind for file in upload.files] == [kind]


@pytest.mark.parametrize(
    "header",
    ["abstract_course_id,short_name", "group_id,name", "group_category_id,category_name", "group_id,user_id",
     "enrollment_id,grade_publishing_status"],
)  # fmt: skip
def test_kinds_of_canvas_without_a_place_here_are_left_out_with_a_warning(tmp_path, header):
    with upload_of(tmp_path, header) as upload:
        assert upload.files == []
        [problem] = upload.problems
        assert "not imported" in problem.message
        assert not problem.failure


def test_files_come_in_the_order_in_which_they_are_applied(tmp_path):
    enrollments = "section_id,user_id,role,status\n"
    with zipped(tmp_path, {"1.csv": LINKS, "b/2.csv": USERS, "3.csv": enrollments, "a/4.csv": USERS}) as upload:
        found = [(file.kind, file.name) for file in upload.files]
    assert found == [("user", "a/4.csv"), ("user", "b/2.csv"), ("enrollment", "3.csv"), ("user_observer", "1.csv")]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "empty"),
        ("\n\n\r\n", "empty"),
        ("name,color\n1,2\n", "does not match any roster file"),
        ("name;color\n1;2\n", "its columns are “name;color”"),
        ("usr_id,login_id,status\n1,2,active\n", "“usr_id” (is it user_id?)"),
        ("sep=:\nuser_id:login_id\n1:2\n", "“sep=:”"),
        ("Export,2026\nuser_id,login_id\n1,2\n", "Row 2 looks like the header"),
        ("U1,u1,active\nuser_id,login_id\n1,2\n", "Row 2 looks like the header"),
        ('"user_id,login_id\n1,2\n', "never closed"),
        ('user_"id",login_id\n1,2\n', "quotation mark inside"),
        ("user_id,login_id,USER_ID \n1,2,3\n", "“user_id” twice"),
        ("user_id,login_id,na\xefve\n1,2,3\n".encode("latin-1"), "the byte EF stands for “ï”"),
        ("user_id,login_id\n1,2\n".encode("utf-16-le"), "UTF-16 without a byte order mark"),
        ("user_id,login_id\n1,2\n".encode("utf-16-be"), "UTF-16 without a byte order mark"),
        ("user_id,login_id," + ",".join(f"c{n}" for n in range(500)), "500 columns"),
        ("x" * 200_000, "more than"),
    ],
)
def test_a_file_without_a_header_we_know_is_a_failure_at_once(tmp_path, content, word):
    with upload_of(tmp_path, content) as upload:
        assert upload.files == []
        [problem] = upload.problems
        assert problem.failure
        assert problem.file == "roster.csv"
        assert word in problem.message


@pytest.mark.parametrize("fault", [b'U9,"x\n', b'U9,x"y\n', b"U9,M\xfcller\n", b"U9," + b"x" * 200_000])
@pytest.mark.parametrize("rows", [1, 100_000])
def test_a_fault_in_the_last_row_costs_the_whole_file_before_its_first_row(tmp_path, fault, rows):
    with upload_of(tmp_path, b"user_id,login_id\n" + b"U1,sam\n" * rows + fault) as upload:
        [file] = upload.files
        with pytest.raises(MalformedFile) as caught:
            next(file.rows())
    assert caught.value.problem.file == "roster.csv"
    assert caught.value.problem.failure


@pytest.mark.parametrize(
    ("separator", "encoding", "above"), [(",", "utf-8", ""), (";", "utf-8", "A title\n"), ("\t", "utf-16-le", "\ufeff")]
)
def test_a_file_of_any_size_takes_little_memory(tmp_path, separator, encoding, above):
    rows = "".join(f'U{n},person{n}@example.org,"Last{n}, First"\n' for n in range(100_000))
    text = f"user_id,login_id,sortable_name\n{rows}"
    if separator != ",":
        text = text.replace(", ", " ").replace(",", separator)
    with zipped(tmp_path, {"users.csv": f"{above}{text}".encode(encoding)}) as upload:
        [file] = upload.files
        tracemalloc.start()
        assert sum(1 for row in file.rows()) == 100_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(rows) > 4_000_000
    assert peak < 3_000_000


def test_file_names_are_made_fit_to_be_shown(tmp_path):
    with upload_of(tmp_path, "x", "a\0\x1b\n\u202e" + "b" * 500 + ".csv") as upload:
        [problem] = upload.problems
    assert problem.file.isprintable()
    assert len(problem.file) == 200


def test_rows_with_a_nul_are_left_out_and_named(tmp_path):
    with upload_of(tmp_path, "user_id,login_id\nU\0001,a\nU2,b\n") as upload:
        [file] = upload.files
        for _again in range(2):
            assert [row.cells["user_id"] for row in file.rows()] == ["U2"]
        [problem] = upload.problems
        assert (problem.row, problem.failure) == (2, False)


def test_a_million_rows_with_a_nul_are_a_hundred_warnings_and_a_count(tmp_path):
    with upload_of(tmp_path, "user_id,login_id\n" + "U\0001,a\n" * 1_000_000) as upload:
        assert list(upload.files[0].rows()) == []
        assert len(upload.problems) == 101
        assert "999900 more rows" in upload.problems[-1].message


def test_a_row_tells_how_long_its_text_is(tmp_path):
    with upload_of(tmp_path, 'user_id,login_id\nU1,"sam, really"\nU2\n') as upload:
        assert [row.length for row in upload.files[0].rows()] == [16, 2]


@pytest.mark.parametrize("name", ["rosters.xlsx", "rosters", "rosters.csv.gz", ".zip", ""])
def test_files_with_other_extensions_are_not_read(tmp_path, name):
    with upload_of(tmp_path, USERS, name) as upload:
        assert upload.files == []
        assert upload.problems == [Problem(name, None, upload.problems[0].message, failure=True)]
