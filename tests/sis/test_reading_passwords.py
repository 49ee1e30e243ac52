"""The copy of an upload that is kept."""

import zipfile

import pytest

from sis.upload.contents import MalformedFile, open_upload
from sis.upload.password_removal import strip_passwords
from tests.sis.rosters import zip_of

USERS = (
    "\ufeffuser_id, Password ,login_id,ssha_password,canvas_password_notification\r\n"
    'U1,"hush, hush",sam,hush,true\r\n\r\n"U\n2",hush\r\n'
)


def stripped(tmp_path, content, name="users.csv"):
    path, copy = tmp_path / "original", tmp_path / "copy"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    strip_passwords(path, name, copy)
    return copy


def rows_of(path, name):
    with open_upload(path, name) as upload:
        return [(file.name, file.kind, list(file.rows())) for file in upload.files]


def without_secrets(files):
    return [
        (
            name,
            kind,
            [(row.number, {key: row.cells[key] for key in row.cells if key[-8:] != "password"}) for row in rows],
        )
        for name, kind, rows in files
    ]


def test_the_copy_reads_as_the_upload_without_its_passwords(tmp_path):
    copy = stripped(tmp_path, USERS)
    assert b"hush" not in copy.read_bytes()
    assert without_secrets(rows_of(copy, "users.csv")) == without_secrets(rows_of(tmp_path / "original", "users.csv"))
    [(_name, _kind, rows)] = rows_of(copy, "users.csv")
    assert [row.cells["canvas_password_notification"] for row in rows] == ["true", None]


def test_files_without_passwords_are_copied_byte_by_byte(tmp_path):
    raw = b'\xef\xbb\xbfuser_id,login_id\r1,\xff"x\n\n'
    assert stripped(tmp_path, raw).read_bytes() == raw


def test_passwords_of_other_systems_go_too(tmp_path):
    copy = stripped(tmp_path, "sourcedId,ext_studentPassword\n1,hush\n")
    assert copy.read_bytes() == b"sourcedId,ext_studentPassword\n1,\n"


@pytest.mark.parametrize("name", ["Pass", "user_pass", "Passwort", "login pwd"])
def test_password_columns_with_other_names_are_emptied(tmp_path, name):
    copy = stripped(tmp_path, f"user_id,login_id,{name},grade_passback_setting\n1,sam,hush,not_set\n")
    assert copy.read_bytes().endswith(b"\n1,sam,,not_set\n")


TAB = "\t"
ROWS = "user_id,login_id,status,password\nU1,u1,active,hush hush\n"


@pytest.mark.parametrize(
    "raw",
    [
        ROWS.encode("utf-16-be"),
        f"Export,of,2026\n{ROWS}".encode(),
        f"U0,u0,active,hush\n{ROWS}".encode(),
        f"U0;u0;active;hush\n{ROWS}".encode(),
        b"u_id;l_id;status;password\nU1;u1;active;much too long, hush\n",
        b"U1,u1,active,hush\nU2,u2,active,hush\n",
        f"login_id,login_id,{ROWS}".encode(),
    ],
)
@pytest.mark.parametrize("name", ["users.csv", "rosters.zip"])
def test_nothing_is_kept_of_a_file_whose_header_is_not_known(tmp_path, raw, name):
    content = zip_of(tmp_path, {"users.csv": raw}).read_bytes() if name == "rosters.zip" else raw
    copy = stripped(tmp_path, content, name)
    kept = zipfile.ZipFile(copy).read("users.csv") if name == "rosters.zip" else copy.read_bytes()
    assert b"hush" not in kept
    assert b"hush" not in kept.replace(b"\0", b"")
    # It is refused again, should it be imported again.
    with open_upload(copy, name) as upload:
        assert (upload.files, [problem.failure for problem in upload.problems]) == ([], [True])


@pytest.mark.parametrize("name", ["users.csv", "rosters.zip"])
@pytest.mark.parametrize(
    "raw",
    [
        f"\ufeff{ROWS}".encode("utf-16-le"),
        f"\ufeff{ROWS.replace(',', TAB)}".encode("utf-16-be"),
        f"\ufeff\ufeff{ROWS}".encode(),
        f"Export of 2026\n{ROWS}".encode(),
        f"sep=;\n{ROWS.replace(',', ';')}".encode(),
        ROWS.replace(",", ";").replace("hush hush", '"hush, hush"').encode(),
        ROWS.replace("password", "Pass-Word").encode(),
        ROWS.replace("password", "pass\u200bword").encode(),
    ],
)
def test_the_copy_of_a_file_that_is_written_otherwise_has_no_passwords_either(tmp_path, raw, name):
    content = zip_of(tmp_path, {"users.csv": raw}).read_bytes() if name == "rosters.zip" else raw
    copy = stripped(tmp_path, content, name)
    kept = zipfile.ZipFile(copy).read("users.csv") if name == "rosters.zip" else copy.read_bytes()
    assert b"hush" not in kept.replace(b"\0", b"")
    [(_name, kind, rows)] = rows_of(copy, name)
    [(_name, _kind, given)] = rows_of(tmp_path / "original", name)
    assert (kind, [row.number for row in rows]) == ("user", [row.number for row in given])
    assert [row.cells | {"password": None} for row in given] == [row.cells for row in rows]
    assert given[0].cells["password"].startswith("hush")


def test_every_file_of_an_archive_is_stripped_and_what_is_not_read_is_not_kept(tmp_path):
    path = zip_of(tmp_path, {"b/users.csv": USERS, "a.csv": "user_id,login_id\n", "more.zip": b"hush", ".x": "hush"})
    copy = tmp_path / "copy"
    strip_passwords(path, "rosters.ZIP", copy)
    with zipfile.ZipFile(copy) as archive:
        assert archive.namelist() == ["a.csv", "b/users.csv"]
        assert all(b"hush" not in archive.read(name) for name in archive.namelist())
    assert without_secrets(rows_of(copy, "a.zip")) == without_secrets(rows_of(path, "a.zip"))


@pytest.mark.parametrize(
    "fault",
    [b'1,hush"x"hush,\n', b'1,"hush\n', b"1,hush,\xff\n", b"1,hush\rhush,hush\n", b"1," + b"hush" * 50_000],
)
def test_a_malformed_file_gives_no_password_away_and_stays_malformed(tmp_path, fault):
    copy = stripped(tmp_path, b"user_id,password,login_id\n1,hush,sam\n" + fault + b"2,hush,max\n")
    assert b"hush" not in copy.read_bytes()
    assert b"1,,sam\n" in copy.read_bytes()
    with pytest.raises(MalformedFile):
        rows_of(copy, "users.csv")


def test_a_malformed_header_keeps_nothing(tmp_path):
    assert b"hush" not in stripped(tmp_path, 'user_id,"password,login_id\n1,hush,sam\n').read_bytes()


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx", ""])
def test_what_cannot_be_read_is_not_kept(tmp_path, name):
    assert stripped(tmp_path, USERS, name).read_bytes() == b""
