"""Zip archives from strangers."""

import io
import resource
import stat
import struct
import zipfile

import pytest

from sis.files import archives
from sis.upload.contents import MalformedFile, open_upload
from tests.sis.rosters import upload_of, zip_of, zipped

USERS = "user_id,login_id,status\nU1,sam,active\n"
MANY_USERS = "user_id,login_id\n" + "".join(f"U{n},sam{n}\n" for n in range(5000))


def raw_zip(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, content in members:
            archive.writestr(info, content)
    return buffer.getvalue()


def patched_directory(raw: bytes, offset: int, value: bytes) -> bytes:
    """The archive with something changed in the directory's first entry."""
    start = raw.index(b"PK\x01\x02") + offset
    return raw[:start] + value + raw[start + len(value) :]


def what_operating_systems_leave():
    return {
        "__MACOSX/._users.csv": b"\0\1",
        "x/__MACOSX/._y": b"\0",
        ".DS_Store": b"\0",
        "a/~$users.csv": b"\5Alex",
        ".hidden.csv": USERS,
        "a/.git/config": "x",
        "Desktop DB": b"\0",
        "a/Desktop DF": b"\0",
        "empty.csv": "",
        "folder/": "",
    }


def test_leavings_of_operating_systems_and_empty_files_are_not_spoken_of(tmp_path):
    with zipped(tmp_path, {**what_operating_systems_leave(), "deep/in/folders/Users.CSV": USERS}) as upload:
        assert [file.name for file in upload.files] == ["deep/in/folders/Users.CSV"]
        assert upload.problems == []


@pytest.mark.parametrize("name", ["readme.txt", "rosters.xlsx", "inner.zip", "users.csv.gz", "users"])
def test_what_is_no_csv_file_is_named_and_the_others_are_read(tmp_path, name):
    with zipped(tmp_path, {"users.csv": USERS, name: "anything"}) as upload:
        assert [file.name for file in upload.files] == ["users.csv"]
        [problem] = upload.problems
        assert (problem.file, problem.failure) == (name, False)
        assert "not a CSV file" in problem.message


@pytest.mark.parametrize("name", ["../users.csv", "a/../../users.csv", "/etc/users.csv", "..\\users.csv", "C:\\u.csv"])
def test_names_that_lead_out_are_not_read(tmp_path, name):
    with upload_of(tmp_path, raw_zip((zipfile.ZipInfo(name), USERS.encode())), "a.zip") as upload:
        assert upload.files == []
        assert "points outside the archive" in upload.problems[0].message


def test_links_in_an_archive_are_not_followed(tmp_path):
    link = zipfile.ZipInfo("users.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with upload_of(tmp_path, raw_zip((link, b"/etc/passwd")), "a.zip") as upload:
        assert upload.files == []
        assert "link to a file" in upload.problems[0].message


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_neither_is_read(tmp_path):
    twice = raw_zip((zipfile.ZipInfo("u.csv"), USERS.encode()), (zipfile.ZipInfo("u.csv"), b"user_id,login_id\n"))
    with upload_of(tmp_path, twice, "a.zip") as upload:
        assert upload.files == []
        messages = [problem.message for problem in upload.problems]
        assert "two files with this name" in messages[0]
        assert messages[1:] == ["Nothing was read. Upload one .csv file, or several in a .zip file."]


def test_a_locked_file_is_not_read(tmp_path):
    raw = raw_zip((zipfile.ZipInfo("u.csv"), USERS.encode()))
    with upload_of(tmp_path, patched_directory(raw, 8, b"\x01\x00"), "a.zip") as upload:
        assert upload.files == []
        assert "protected with a password" in upload.problems[0].message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_measure_are_not_read(tmp_path, method):
    with open_upload(zip_of(tmp_path, {"u.csv": USERS}, method), "a.zip") as upload:
        assert upload.files == []
        assert "unsupported compression method" in upload.problems[0].message


@pytest.mark.parametrize("raw", [b"", b"PK", USERS.encode(), b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04" * 100])
def test_what_is_no_archive_is_a_failure(tmp_path, raw):
    with upload_of(tmp_path, raw, "a.zip") as upload:
        assert upload.files == []
        [problem] = upload.problems
        assert problem.failure
        assert "damaged" in problem.message


def test_a_damaged_file_is_a_failure_before_its_first_row_and_the_others_are_read(tmp_path):
    path = zip_of(tmp_path, {"a.csv": MANY_USERS, "b.csv": USERS}, zipfile.ZIP_STORED)
    raw = path.read_bytes().replace(b"U4000,sam4000", b"U4000,max4000")
    with upload_of(tmp_path, raw, "a.zip") as upload:
        broken, whole = upload.files
        with pytest.raises(MalformedFile, match="damaged"):
            next(broken.rows())
        assert len(list(whole.rows())) == 1


def test_a_bomb_is_not_unpacked_beyond_a_hundred_times_its_size(tmp_path):
    header = b"user_id,login_id\n"
    path = zip_of(tmp_path, {"bomb.csv": header + b"U1,sam\n" * 8_000_000, "users.csv": USERS})
    assert path.stat().st_size < 500_000
    with open_upload(path, "a.zip") as upload:
        bomb, users = upload.files
        with pytest.raises(MalformedFile, match="100 times"):
            next(bomb.rows())
        # All of it was seen when its header was read.
        assert len(list(users.rows())) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 700 * 1024


def test_all_members_together_have_one_allowance(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", 2 * len(MANY_USERS))
    monkeypatch.setattr(archives, "MOST_RATIO", 0)
    with zipped(tmp_path, {f"{n}.csv": MANY_USERS for n in "abc"}) as upload:
        first, second, third = upload.files
        assert len(list(first.rows())) == 5000
        with pytest.raises(MalformedFile, match="times its size"):
            [*second.rows(), *third.rows()]
        assert len(list(first.rows())) == 5000


def test_reading_again_costs_no_allowance(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", len(MANY_USERS) + len(USERS))
    monkeypatch.setattr(archives, "MOST_RATIO", 0)
    with zipped(tmp_path, {"a.csv": MANY_USERS, "b.csv": USERS}) as upload:
        for _again in range(3):
            assert [len(list(file.rows())) for file in upload.files] == [5000, 1]


@pytest.mark.parametrize("claim", [0, 1, 1000])
def test_a_claim_to_be_smaller_is_a_failure(tmp_path, claim):
    raw = patched_directory(zip_of(tmp_path, {"u.csv": MANY_USERS}).read_bytes(), 24, struct.pack("<L", claim))
    with upload_of(tmp_path, raw, "a.zip") as upload:
        messages = [problem.message for problem in upload.problems]
        for file in upload.files:
            with pytest.raises(MalformedFile) as caught:
                list(file.rows())
            messages.append(caught.value.problem.message)
    assert ["damaged" in message for message in messages] == [True]


@pytest.mark.parametrize("claim", [2**31, 2**32 - 2])
def test_a_claim_to_be_huge_counts_for_nothing(tmp_path, claim):
    raw = patched_directory(zip_of(tmp_path, {"u.csv": MANY_USERS}).read_bytes(), 24, struct.pack("<L", claim))
    with upload_of(tmp_path, raw, "a.zip") as upload:
        assert [len(list(file.rows())) for file in upload.files] == [5000]


def test_too_many_members_are_not_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    with zipped(tmp_path, {f"{n}.csv": USERS for n in range(4)}) as upload:
        assert upload.files == []
        assert "more than 3 files" in upload.problems[0].message


def test_a_directory_of_any_size_is_not_taken_into_memory(tmp_path):
    size = 17 * 2**20
    ending = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, size, 0, 0)
    with upload_of(tmp_path, b"\0" * size + ending, "a.zip") as upload:
        assert upload.files == []
        assert "damaged" in upload.problems[0].message


def test_many_refused_files_are_twenty_names_and_a_count(tmp_path):
    with zipped(tmp_path, {f"{n}.txt": "x" for n in range(1000)}) as upload:
        assert len(upload.problems) == 22
        [counted] = [problem for problem in upload.problems if "980 more files" in problem.message]
        assert counted.file == "rosters.zip"
        assert [problem.message for problem in upload.problems if problem.failure] == [
            "Nothing was read. Upload one .csv file, or several in a .zip file."
        ]


def test_names_in_reports_are_visible_and_short(tmp_path):
    name = "a\x1b[31m\u202e\n" + "x" * 5000 + ".csv"
    with upload_of(tmp_path, raw_zip((zipfile.ZipInfo(name), USERS.encode())), "a.zip") as upload:
        [file] = upload.files
    assert file.name.isprintable()
    assert len(file.name) == 200
