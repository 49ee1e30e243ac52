"""Files that are not written as expected: read with a notice of what was assumed, or refused with what was seen."""

import codecs
import io
import random

import pytest

from sis.files.csv_records import LONGEST_RECORD, Layout, records
from sis.formats import oneroster, school_data_sync
from sis.kinds.registry import KINDS
from sis.upload.contents import MalformedFile
from tests.sis.rosters import upload_of, zipped

HEADER = "user_id,login_id,first_name,status"
PEOPLE = f"{HEADER}\nA1,zoe,Zoë,active\nA2,bo,Łódź 🎒,active\n"
ROWS = [("A1", "zoe", "Zoë", "active"), ("A2", "bo", "Łódź 🎒", "active")]


def read(tmp_path, content, name="roster.csv"):
    """The cells of all rows of the only file, the numbers of the rows, and the messages."""
    with upload_of(tmp_path, content, name) as upload:
        [file] = upload.files
        rows = list(file.rows())
        assert not any(problem.failure for problem in upload.problems)
        return [tuple(row.cells.values()) for row in rows], [row.number for row in rows], said(upload)


def fault_of(tmp_path, content):
    """Why the only file is not read, although its header is known."""
    with upload_of(tmp_path, content) as upload:
        [file] = upload.files
        with pytest.raises(MalformedFile) as caught:
            next(file.rows())
    return caught.value.problem


def said(upload):
    return [problem.message for problem in upload.problems]


def test_a_file_as_it_should_be_is_read_without_a_word(tmp_path):
    assert read(tmp_path, PEOPLE) == (ROWS, [2, 3], [])
    assert read(tmp_path, f"\ufeff{PEOPLE}") == (ROWS, [2, 3], [])


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
    def test_a_byte_order_mark_tells_the_encoding(self, tmp_path, encoding):
        rows, _numbers, notices = read(tmp_path, f"\ufeff{PEOPLE}".encode(encoding))
        assert rows == ROWS
        assert notices == [f"The file is in {encoding[:6].upper()} and was read as that."]

    @pytest.mark.parametrize("marks", [2, 3, 9])
    def test_marks_that_several_programs_have_written_are_left_out(self, tmp_path, marks):
        rows, _numbers, notices = read(tmp_path, codecs.BOM_UTF8 * marks + PEOPLE.encode())
        assert rows == ROWS
        assert notices == [f"The file begins with {marks} byte order marks. They were left out."]

    @pytest.mark.parametrize("encoding", ["windows-1252", "latin-1"])
    def test_other_encodings_are_not_guessed_but_refused_with_the_row_and_the_byte(self, tmp_path, encoding):
        text = f"{HEADER}\nA1,a,Ann,active\n\nA2,b,Zoë,active\n"
        problem = fault_of(tmp_path, text.encode(encoding))
        assert (problem.row, problem.failure) == (3, True)
        assert "the byte EB stands for “ë” in Windows-1252" in problem.message
        assert "“CSV UTF-8”" in problem.message

    def test_a_file_in_utf_16_that_is_cut_is_refused(self, tmp_path):
        fault = fault_of(tmp_path, f"\ufeff{PEOPLE}".encode("utf-16-le")[:-1])
        assert "not all of it is in UTF-16" in fault.message

    @pytest.mark.parametrize("block", [1, 2, 3, 5, 1000])
    def test_blocks_may_end_anywhere(self, block):
        text = '\ufeff\ufeffsep=;\r\n"ä;b";2\r\n\r\n🎒;"x ""y"""\r\n;\r\n""\r\n'
        layout = Layout("utf-16-le", ";", has_separator_line=True)
        found = [
            record for some in records(io.BytesIO(text.encode("utf-16-le")), layout, block=block) for record in some
        ]
        assert found == ["ä;b,2", "", '🎒,"x ""y"""', ",", '""']


class TestOtherFiles:
    @pytest.mark.parametrize(
        ("start", "word"),
        [
            (b"PK\x03\x04\x14\0\6\0", "Excel workbook or an archive"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel workbook of an old kind"),
            (b"\x1f\x8b\x08\0", "compressed"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\n<!DOCTYPE html>\n<title>Sign in</title>", "web page"),
            (b"\xef\xbb\xbf<html>", "web page"),
            (b"<?xml version='1.0'?>", "XML"),
        ],
    )
    def test_what_is_only_called_csv_is_refused_by_what_it_is(self, tmp_path, start, word):
        with upload_of(tmp_path, start + b"\0" * 100) as upload:
            assert upload.files == []
            assert word in said(upload)[0]
            assert upload.problems[0].failure


class TestSeparators:
    @pytest.mark.parametrize(
        ("separator", "word"),
        [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")],
        ids=["semicolon", "tab", "bar"],
    )
    def test_the_header_tells_what_separates_the_cells(self, tmp_path, separator, word):
        content = f'{PEOPLE}A3,co,"x{separator}y",active\n'.replace(",", separator)
        rows, numbers, notices = read(tmp_path, content)
        assert rows == [*ROWS, ("A3", "co", f"x{separator}y", "active")]
        assert numbers == [2, 3, 4]
        assert notices == [f"The cells are separated by {word}, not by commas. The file was read as that."]

    @pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;", "\ufeffsep=;"])
    def test_a_line_for_spreadsheets_may_tell_it_and_is_no_row(self, tmp_path, line):
        rows, numbers, notices = read(tmp_path, f"{line}\r\n" + PEOPLE.replace(",", ";").replace("\n", "\r\n"))
        assert (rows, numbers) == (ROWS, [2, 3])
        assert notices == ["The first line says that the cells are separated by semicolons. The file was read as that."]

    def test_commas_in_cells_of_other_files_stay_commas(self, tmp_path):
        rows, _numbers, _notices = read(tmp_path, "user_id;login_id;status\nA1;Smith, Jr;active\n")
        assert rows == [("A1", "Smith, Jr", "active")]

    def test_a_loose_quotation_mark_is_refused_with_its_row_whatever_the_separator(self, tmp_path):
        fault = fault_of(tmp_path, 'user_id;login_id\nA1;a\nA2;b "c"\n')
        assert ("quotation mark inside" in fault.message, fault.row) == (True, 3)

    def test_a_record_without_end_is_refused_whatever_the_separator(self, tmp_path):
        assert "more than" in fault_of(tmp_path, f"user_id;login_id\nA1;{'x' * LONGEST_RECORD}\n").message

    def test_rows_separated_otherwise_than_the_header_make_nobody(self, load):
        made = load(users="user_id,login_id,status\nA1;a;active\n")
        assert (made.data["counts"]["users"], [one.kind for one in made.sis_import_errors.all()]) == (
            0,
            ["no_login_id"],
        )


class TestTitles:
    def test_a_title_above_the_header_is_left_out_and_rows_keep_their_numbers(self, tmp_path):
        rows, numbers, notices = read(tmp_path, f'"Roster, autumn",,,\n,,,\n{PEOPLE}')
        assert (rows, numbers) == (ROWS, [4, 5])
        assert notices == ["Rows above the header were left out: 2 (“Roster, autumn”). Row 3 was read as the header."]

    def test_a_title_may_stand_above_cells_separated_otherwise(self, tmp_path):
        rows, _numbers, notices = read(tmp_path, "Lakeside\n" + PEOPLE.replace(",", ";"))
        assert rows == ROWS
        assert len(notices) == 2

    @pytest.mark.parametrize("above", ["A0,old,Ann,active", "A0;old;Ann;active", "Roster,2026"])
    def test_what_may_be_a_row_of_somebody_is_no_title(self, tmp_path, above):
        with upload_of(tmp_path, f"{above}\n{PEOPLE}") as upload:
            assert upload.files == []
            assert said(upload) == ["Row 2 looks like the header, but rows stand above it. Remove them."]

    def test_a_header_far_below_is_not_looked_for(self, tmp_path):
        with upload_of(tmp_path, "title\n" * 30 + PEOPLE) as upload:
            assert upload.files == []
            assert "does not match any roster file" in said(upload)[0]


SOURCED = [
    (name, name_of_file, sorted(module.COLUMNS[name_of_file]) + module.FURTHER_COLUMNS[name_of_file].split())
    for name, module in (("oneroster", oneroster), ("sds", school_data_sync))
    for name_of_file in module.COLUMNS
]
CANVAS = [pytest.param(kind, id=kind.name) for kind in KINDS.values()]


def spaced(name):
    return name.replace("_", " ").title()


class TestHeaders:
    @pytest.mark.parametrize("kind", CANVAS)
    @pytest.mark.parametrize(
        "spelled", [spaced, str.upper, lambda name: name.replace("_", "-"), lambda name: f"\u200b{name}"]
    )
    def test_every_column_of_every_kind_is_known_however_it_is_spelled(self, tmp_path, kind, spelled):
        with upload_of(tmp_path, ",".join(map(spelled, kind.columns))) as upload:
            [file] = upload.files
            assert (file.kind, file.header) == (kind.name, kind.columns)
            assert not any("not known" in message for message in said(upload))

    @pytest.mark.parametrize("kind", CANVAS)
    def test_a_column_that_is_misspelled_is_named_with_the_one_that_is_near(self, tmp_path, kind):
        for column in kind.columns:
            misspelled = column[0] + column[2:] if len(column) > 4 else f"{column}s"
            columns = [misspelled if name == column else name for name in kind.columns]
            with upload_of(tmp_path, ",".join(columns)) as upload:
                assert any(f"“{misspelled}” (is it {column}?)" in message for message in said(upload)), misspelled

    @pytest.mark.django_db
    @pytest.mark.parametrize(("name", "file", "columns"), SOURCED)
    def test_the_same_of_files_with_sourced_ids(self, tmp_path, name, file, columns):
        known = [column for column in columns if column not in ("sourcedid", "usersourcedid", "classsourcedid")]
        keys = [column for column in columns if column not in known]
        with zipped(
            tmp_path, {f"{file}.csv": ",".join([*keys, *known]), "users.csv": "sourcedId,status,username"}
        ) as upload:
            assert not any("not known" in message for message in said(upload))
        for column in known:
            if column in ("status", "type", "role", "code", "agents"):
                continue
            misspelled = column[:2] + column[3:]
            header = [*keys, *(misspelled if one == column else one for one in known)]
            with zipped(tmp_path, {f"{file}.csv": ",".join(header)}) as upload:
                assert any(f"“{misspelled}” (is it {column}?)" in message for message in said(upload)), misspelled

    def test_what_a_file_with_sourced_ids_lacks_is_named_with_what_may_be_meant(self, tmp_path):
        files = {
            "users.csv": "sourcedId,status,usrname\ns,active,kim",
            "orgs.csv": "sourceId,status,name\no,active,Lake",
        }
        with zipped(tmp_path, files) as upload:
            assert upload.files == []
            texts = {problem.file: problem.message for problem in upload.problems if problem.failure}
        assert "missing required columns: username" in texts["users.csv"]
        assert "“usrname” (is it username?)" in texts["users.csv"]
        assert "“sourceid” (is it sourcedid?)" in texts["orgs.csv"]

    def test_headers_of_other_tools_with_blanks_are_read(self, tmp_path):
        rows, _numbers, notices = read(tmp_path, "User ID,Login-ID,First Name,Status\nA1,zoe,Zoë,active\n")
        assert rows == [("A1", "zoe", "Zoë", "active")]
        assert notices == [
            "These columns were read under the names they have here: “user id” (user_id), “login-id” (login_id), "
            "“first name” (first_name)."
        ]

    def test_a_name_as_it_should_be_counts_before_one_that_is_only_spelled_like_it(self, tmp_path):
        with upload_of(tmp_path, "User ID,user_id,login_id,status\nX,A1,a,active\n") as upload:
            assert next(upload.files[0].rows()).cells["user_id"] == "A1"

    def test_two_spellings_of_one_column_are_refused(self, tmp_path):
        with upload_of(tmp_path, "User ID,user-id,login_id,status\nX,A1,a,active\n") as upload:
            assert "“user_id” twice" in said(upload)[0]

    def test_invisible_characters_are_left_out_and_named(self, tmp_path):
        rows, _numbers, notices = read(tmp_path, "user_id,login_id,\u200bfirst_name,sta\u00adtus\nA1,zoe,Zoë,active\n")
        assert rows == [("A1", "zoe", "Zoë", "active")]
        assert notices == ["The header has invisible characters in “first_name”, “status”. They were left out."]

    def test_a_logins_file_is_not_taken_for_people_without_a_word(self, tmp_path):
        _rows, _numbers, notices = read(tmp_path, "user_id,login_id,existing_usr_id\nA1,a,A2\n")
        assert notices == ["Columns that are not known were left out: “existing_usr_id” (is it existing_user_id?)."]

    @pytest.mark.parametrize(
        "header",
        [
            "canvas_user_id,user_id,integration_id,authentication_provider_id,login_id,first_name,last_name,full_name,"
            "sortable_name,short_name,email,status,created_by_sis",
            "canvas_section_id,section_id,canvas_course_id,course_id,integration_id,name,status,start_date,end_date,"
            "canvas_account_id,account_id,created_by_sis",
            "canvas_course_id,course_id,canvas_user_id,user_id,role,role_id,canvas_section_id,section_id,status,"
            "canvas_associated_user_id,associated_user_id,created_by_sis,base_role_type,limit_section_privileges",
            "user_id,login_id,status,first_name,middle_name,last_name,grade,homeroom,phone,school,username",
            "section_id,course_id,name,status,teacher_name,room,period",
        ],
    )
    def test_columns_of_other_systems_raise_no_alarm(self, tmp_path, header):
        with upload_of(tmp_path, header) as upload:
            assert len(upload.files) == 1
            assert said(upload) == []

    def test_columns_of_any_number_and_length_take_no_time(self, tmp_path):
        names = ",".join("existing_user_i" + "d" * 150 + str(n) for n in range(490))
        with upload_of(tmp_path, f"user_id,login_id,{names}\n") as upload:
            assert len(upload.files) == 1


class TestForeignFormats:
    CLEVER = {
        "schools": "School_id,School_name,School_number\n1,Lake,7",
        "students": "School_id,Student_id,Last_name,Contact_name,Contact_email,Password\n1,s,Lee,Pat,p@x.test,hush",
        "teachers": "School_id,Teacher_id,Last_name,First_name\n1,t,Ray,Sam",
        "sections": "School_id,Section_id,Teacher_id,Name,Term_name,Term_start,Term_end\n1,x,t,Math,Fall,,",
        "enrollments": "School_id,Section_id,Student_id\n1,x,s",
    }
    SDS_1 = {
        "School": "SIS ID,Name\n1,Lake",
        "Section": "SIS ID,School SIS ID,Section Name\nx,1,Math",
        "Student": "SIS ID,School SIS ID,Username\ns,1,kim",
        "Teacher": "SIS ID,School SIS ID,Username\nt,1,sam",
        "StudentEnrollment": "Section SIS ID,SIS ID\nx,s",
        "TeacherRoster": "Section SIS ID,SIS ID\nx,t",
        "User": "Email,First Name,Last Name,Phone,SIS ID\np@x.test,Pat,Lee,,p",
        "GuardianRelationship": "SIS ID,Email,Role\ns,p@x.test,Guardian",
    }

    @pytest.mark.parametrize(
        ("files", "name"), [(CLEVER, "Clever"), (SDS_1, "School Data Sync V1")], ids=["clever", "sds"]
    )
    def test_they_are_refused_by_name_with_what_to_export_instead(self, tmp_path, files, name):
        with zipped(tmp_path, {f"{file}.csv": text for file, text in files.items()}) as upload:
            assert upload.files == []
            assert len(upload.problems) == len(files)
            for problem in upload.problems:
                assert problem.failure
                assert name in problem.message
                assert "Export" in problem.message

    @pytest.mark.parametrize(
        ("files", "name"), [(CLEVER, "Clever"), (SDS_1, "School Data Sync V1")], ids=["clever", "sds"]
    )
    def test_so_they_are_however_their_columns_are_spelled(self, tmp_path, files, name):
        for text in files.values():
            header, row = text.split("\n")
            for spelled in (header.replace("_", " ").title(), header.upper(), header.replace(" ", "_")):
                with upload_of(tmp_path, f"{spelled}\n{row}\n") as upload:
                    assert upload.files == []
                    assert name in said(upload)[0]

    @pytest.mark.parametrize("file", CLEVER)
    def test_a_file_of_clevers_alone_is_none_of_canvas(self, load, file):
        made = load(**{file: self.CLEVER[file]})
        assert (made.workflow_state, made.error_count, made.warning_count) == ("failed_with_messages", 1, 0)

    @pytest.mark.parametrize(
        "header", ["school_id,section_id,course_id,name,status", "school_id,observer_id,student_id,status"]
    )
    def test_files_of_canvas_may_name_the_school(self, tmp_path, header):
        with upload_of(tmp_path, header) as upload:
            assert len(upload.files) == 1


def test_a_roster_is_read_the_same_however_it_is_written(tmp_path):
    random.seed(7)
    for _n in range(60):
        cells = [random.choice(["x", 'a "b"', "c,d", "e;f", "g\th", "i|j", "two\nlines", ""]) for _cell in range(3)]
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
        separator, encoding = random.choice(",;\t|"), random.choice(["utf-8", "utf-16-le", "utf-16-be"])
        lines = ["user_id,login_id,status,sortable_name".replace(",", separator), separator.join(["A1", *quoted])]
        rows, _numbers, _notices = read(
            tmp_path, ("\ufeff" + random.choice(["\n", "\r\n"]).join(lines)).encode(encoding)
        )
        assert rows == [("A1", *(cell.strip() or None for cell in cells))]
