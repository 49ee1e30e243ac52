"""What an import has to say, on its page, and taking it back from there."""

import csv
import io

import pytest

from accounts.models import User
from sis.imports import runner
from sis.imports.queue import abort, work_off
from sis.imports.runner import Import
from sis.models import SisImport, SisImportError
from sis.options import Options
from tests.database import places_with
from tests.sis.pages import SECRET, USERS, at, imported, last, page, people, upload
from tests.sis.texts import ENROLLMENTS, table

pytestmark = pytest.mark.usefixtures("data_dir")


class TestMessages:
    @pytest.fixture
    def said(self, load):
        """An import with a file that is no use, and warnings about two others."""
        return load(
            users=f"{USERS}\nA,a,active\nB,,active\nC,,active\nD,d,wrong",
            observers="observer_id,student_id,status\nA,NOBODY,active",
            odd="what;is;this\n1;2;3",
        )

    def test_they_stand_there_with_file_row_and_what_to_do_errors_first(self, site, root, said):
        shown = page(site, at(root, said.pk))
        assert "1 error, 4 warnings." in shown
        assert "The student NOBODY is unknown or deleted. Import the person first." in shown
        assert shown.index("does not match any roster file") < shown.index("The login_id of user B is missing.")

    @pytest.mark.parametrize(
        ("query", "there", "not_there"),
        [
            ({"search": "user b"}, ["user B is"], ["user C is", "NOBODY"]),
            ({"search": "4"}, ["user C is"], ["user B is"]),
            ({"search": "%"}, ["No matching messages."], ["user B is"]),
            ({"file": "observers.csv"}, ["NOBODY"], ["user B is"]),
            ({"kind": "no_login_id"}, ["user B is", "user C is"], ["NOBODY is", "wrong”"]),
            ({"only_errors": "1"}, ["does not match any roster file"], ["user B is"]),
            ({"search": "nothing like it"}, ["No matching messages."], ["user B is"]),
            ({"search": "\0", "file": "\0", "kind": "\0"}, ["user B is"], ["No matching messages."]),
            ({"search": "9" * 90, "kind": "x" * 500}, ["No matching messages."], []),
            ({"page": "7"}, ["No matching messages."], []),
        ],
    )
    def test_they_are_searched_and_filtered(self, site, root, said, query, there, not_there):
        shown = page(site, at(root, said.pk), **query)
        table = shown[shown.index('id="only_errors"') :]
        assert [text for text in there if text not in table] == []
        assert [text for text in not_there if text in table] == []

    def test_kinds_are_named_in_words_with_their_numbers(self, site, root, said):
        shown = page(site, at(root, said.pk))
        assert "The login_id of user … is missing (2)" in shown
        assert "About a file as a whole (1)" in shown
        assert "users.csv (3)" in shown

    def test_they_come_as_csv_with_the_same_search(self, site, root, said):
        def lines(**query):
            text = site.get(at(root, said.pk, "messages.csv"), query).getvalue().decode()
            return list(csv.reader(io.StringIO(text)))

        assert lines()[0] == ["sis_import_id", "file", "message", "row"]
        assert len(lines()) == 6
        assert [line[1:] for line in lines(search="user b")[1:]] == [
            ["users.csv", "The login_id of user B is missing. Without one nobody can sign in.", "3"]
        ]

    def test_no_spreadsheet_runs_what_stands_in_a_message(self, site, root, load):
        one = load(users=people("A"))
        SisImportError.objects.create(sis_import=one, file="=evil().csv", message="@SUM(1)", kind="file")
        text = site.get(at(root, one.pk, "messages.csv")).getvalue().decode()
        assert f'"{one.pk}","\'=evil().csv","\'@SUM(1)",' in text

    def test_messages_of_an_import_come_in_pages(self, site, root, load):
        one = load(users="\n".join([USERS, *(f"U{n:03},,active" for n in range(60))]))
        assert "user U024" in page(site, at(root, one.pk), page=1)
        assert "user U025" not in page(site, at(root, one.pk), page=1)
        assert "user U025" in page(site, at(root, one.pk), page=2)
        assert "user U025" in page(site, at(root, one.pk), page=2, kind="no_login_id")

    def test_equal_messages_stand_there_once_with_their_rows(self, site, root, load):
        rows = [f"150_49,S{n},student,active" for n in range(49)]
        one = load(users=people(*(f"S{n}" for n in range(49))), enrollments=table(ENROLLMENTS, *rows))
        shown = page(site, at(root, one.pk))
        assert shown.count("The section 150_49 is unknown. Import it first.") == 1
        assert "49 rows:" in shown
        assert "rows 2, 3, 4, 5, 6 and 44 more" in " ".join(shown.split())

    def test_messages_of_one_cause_stand_together_with_the_first_of_them(self, site, root, load):
        one = load(users=table(USERS, *(f"U{n},,active" for n in range(30)), "X,x,wrong"), odd="what;is;this\n1;2;3")
        shown = " ".join(page(site, at(root, one.pk)).split())
        report = shown[shown.index("Errors only") :]
        assert report.index("does not match any roster file") < report.index("30 rows:") < report.index("1 row:")
        assert "The login_id of user … is missing" in report
        assert [n for n in range(30) if f"user U{n} is missing" in report] == [0, 1, 2, 3, 4]
        assert "and 25 more messages" in report
        assert "Show all 30" in report

    def test_a_report_of_any_length_is_a_short_page(self, site, root, load):
        sizes = []
        for number in (10, 400):
            rows = [f"S{n % 7},U{n},student,active" for n in range(number)]
            one = load(users=table(USERS, *(f"U{n},,active" for n in range(number))), more=table(ENROLLMENTS, *rows))
            sizes.append(len(page(site, at(root, one.pk))))
        assert sizes[1] < sizes[0] * 1.1

    def test_one_that_was_stopped_says_so_and_counts_what_it_did(self, site, root, admin, load, monkeypatch):
        monkeypatch.setattr(runner, "ROWS_PER_CHUNK", 2)
        upload(site, root, people("A", "B", "C", "D"))

        def stop(sis_import: SisImport) -> None:
            if sis_import.progress:
                abort(SisImport.objects.get(pk=sis_import.pk), by=admin)

        Import(last(), stop).go()
        shown = page(site, at(root, last().pk))
        assert "Every row is correct" not in shown
        assert "None so far. The import was stopped before it had come to the last row." in shown
        assert "People: 2 created." in shown
        assert last().data["statistics"]["Pseudonym"]["created"] == 2

    def test_one_that_was_stopped_before_it_began_says_so(self, site, root, admin):
        upload(site, root, people("A"))
        abort(last(), by=admin)
        assert "None. The import was stopped before it began." in page(site, at(root, last().pk))

    def test_markup_in_a_file_stays_text(self, site, root):
        shown = imported(site, root, f"{USERS}\nA,a,<b>bold</b>", name="<i>.csv")
        assert "&lt;b&gt;bold" in shown
        assert "<b>bold" not in shown

    def test_no_password_is_to_be_seen_anywhere(self, site, root):
        text = f"{USERS},password\nA,a,active,{SECRET}\nB,,active,{SECRET}\nC,c,wrong,{SECRET}"
        shown = imported(site, root, text, dry_run="1") + imported(site, root, text)
        shown += site.get(at(root, last().pk, "messages.csv")).getvalue().decode()
        stored = b"".join(site.get(at(root, last().pk, "upload")))
        assert SECRET not in shown
        assert b"user_id,login_id,status,password" in stored
        assert SECRET.encode() not in stored
        assert places_with(SECRET) == []

    def test_the_upload_is_not_to_be_had_before_its_passwords_are_gone(self, site, root):
        upload(site, root, f"{USERS},password\nA,a,active,{SECRET}")
        assert site.get(at(root, last().pk, "upload")).status_code == 404
        assert "/upload" not in page(site, at(root, last().pk))


class TestTakingBack:
    def test_it_asks_and_then_states_return_to_what_they_were(self, site, root):
        shown = imported(site, root, people("A", "B"))
        path = at(root, last().pk, "take_back")
        assert path in shown
        asked = page(site, path)
        assert "People: 2 created" in asked
        assert "observer links" in asked
        assert User.objects.filter(sis_user_id="A", state="deleted").count() == 0
        waiting = site.post(path, {"what": "all"}, follow=True).content.decode()
        assert "The import is being undone." in waiting
        assert "Stop" not in waiting
        work_off(root)
        assert User.objects.filter(sis_user_id__in=["A", "B"], state="deleted").count() == 2
        shown = page(site, at(root, last().pk))
        assert "The import was undone." in shown
        assert "Undo import" not in shown
        assert site.post(path, {"what": "all"}).status_code == 404

    def test_only_removals_can_be_undone(self, site, root):
        imported(site, root, people("A"))
        imported(site, root, f"{people('A', status='deleted')}\nB,b,active")
        site.post(at(root, last().pk, "take_back"), {"what": "undelete_only"})
        work_off(root)
        assert dict(User.objects.filter(sis_user_id__in="AB").values_list("sis_user_id", "state")) == {
            "A": "registered",
            "B": "registered",
        }

    @pytest.mark.parametrize("what", ["", "everything", "\0"])
    def test_undoing_refuses_an_unknown_choice(self, site, root, what):
        imported(site, root, people("A"))
        assert site.post(at(root, last().pk, "take_back"), {"what": what}).status_code == 422
        assert last().workflow_state == "imported"

    def test_nothing_to_take_back_is_not_offered(self, site, root, load):
        load(users=people("A"))
        for one in (load(users=people("A")), load(users=people("C"), options=Options(dry_run=True))):
            assert "Undo import" not in page(site, at(root, one.pk))
            assert site.get(at(root, one.pk, "take_back")).status_code == 404
