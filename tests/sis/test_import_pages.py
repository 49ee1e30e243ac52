"""The page of roster imports: for those who may, from the upload to taking it back."""

import csv
import io
import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.domain.retention import all_kept, forget_old
from accounts.models import Action, AuditEvent, BaseType, ObservationLink, Role, RoleOverride, User
from courses.domain.observation import link
from courses.models import Term
from sis.formats import oneroster, school_data_sync
from sis.imports import runner
from sis.imports.queue import abort, work_off
from sis.imports.runner import Import
from sis.kinds.registry import KINDS
from sis.models import SisImport, SisImportError
from sis.options import Options
from tests.database import places_with, statements
from tests.factories import AccountFactory, UserFactory, make_admin
from tests.sis.conftest import make
from tests.sis.test_documentation import TEXT
from tests.sis.texts import ENROLLMENTS, table

USERS = "user_id,login_id,status"
SECRET = "four-old-bicycles"


@pytest.fixture(autouse=True)
def _data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def site(client, root, admin):
    """An administrator's browser."""
    client.force_login(admin)
    return client


def at(root, *rest):
    return "/".join([f"/accounts/{root.pk}/sis_import", *map(str, rest)])


def people(*ids, status="active"):
    return "\n".join([USERS, *(f"{one},{one}@example.org,{status}" for one in ids)])


def upload(browser, root, text, name="users.csv", **given):
    content = text.encode() if isinstance(text, str) else text
    return browser.post(at(root), {"attachment": SimpleUploadedFile(name, content), **given})


def imported(browser, root, text, **given):
    """Upload and run; the page that is there then."""
    answer = upload(browser, root, text, **given)
    assert answer.status_code == 302
    work_off(root)
    return page(browser, answer.headers["Location"])


def page(browser, path, status=200, **query):
    answer = browser.get(path, query)
    assert answer.status_code == status
    return answer.content.decode()


def last():
    return SisImport.objects.first()


def forbid(key, root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    RoleOverride.objects.create(account=root, role=role, permission=key, enabled=False)


def braked(browser, root):
    """An import that the brake has stopped."""
    imported(browser, root, people(*(f"U{n}" for n in range(30))))
    return imported(browser, root, people(*(f"U{n}" for n in range(20)), status="deleted"))


class TestWhoMay:
    def pages(self, root, one):
        shown = [at(root), at(root, one.pk), at(root, one.pk, "messages.csv"), at(root, one.pk, "upload")]
        return [*shown, at(root, one.pk, "progress")]

    def changes(self, root, one):
        ways = ("stop", "again", "take_back")
        return [at(root), at(root, "deletion_brake"), *(at(root, one.pk, way) for way in ways)]

    def test_the_pages_of_imports_ask_to_sign_in(self, client, load, root):
        one = load(users=people("A"))
        for path in (*self.pages(root, one)[:-1], f"/accounts/{root.pk}/user_observers"):
            assert "/login" in client.get(path).headers["Location"]
        # In the middle of a page there is no place for a sign-in page.
        assert client.get(self.pages(root, one)[-1]).headers["HX-Refresh"] == "true"
        for path in self.changes(root, one):
            assert client.post(path).status_code == 302
        assert SisImport.objects.count() == 1

    def test_they_are_for_those_who_import_or_manage_rosters(self, load, root):
        one = load(users=people("A"))
        nobody, below = UserFactory(), make_admin(AccountFactory(parent=root))
        bare = make_admin()
        forbid("import_sis", root)
        forbid("manage_sis", root)
        for person in (nobody, below, bare):
            browser = Client()
            browser.force_login(person)
            for path in (*self.pages(root, one), f"/accounts/{root.pk}/user_observers"):
                assert browser.get(path).status_code == 403, path
            for path in self.changes(root, one):
                assert browser.post(path).status_code == 403, path
        assert SisImport.objects.count() == 1

    def test_who_imports_only_sees_and_stops_but_does_not_take_back_or_set_the_brake(self, site, load, root):
        one = load(users=people("A"))
        forbid("manage_sis", root)
        assert "Import a roster" in page(site, at(root))
        assert "Undo import" not in page(site, at(root, one.pk))
        for path in (at(root, one.pk, "take_back"), at(root, "deletion_brake")):
            assert site.post(path, {"share": 50, "what": "all"}).status_code == 403
        assert site.post(at(root, one.pk, "stop")).status_code == 302

    def test_who_manages_only_sees_and_takes_back_but_does_not_import(self, site, load, root):
        one = load(users=people("A"), options=Options(dry_run=True))
        forbid("import_sis", root)
        assert "Import a roster" not in page(site, at(root))
        assert "Import this file now" not in page(site, at(root, one.pk))
        assert upload(site, root, people("B")).status_code == 403
        assert site.post(at(root, one.pk, "again")).status_code == 403
        assert SisImport.objects.count() == 1

    def test_sub_accounts_unknown_accounts_and_absurd_ids_have_no_such_page(self, site, load, root):
        one = load(users=people("A"))
        below = AccountFactory(parent=root)
        for path in (at(below), at(below, one.pk), at(root, 999_999), at(root, 10**20)):
            assert site.get(path).status_code == 404
        assert site.get(f"/accounts/{10**20}/sis_import").status_code == 404
        assert site.get(at(root, 10**20, "progress")).status_code == 404
        assert site.post(at(root, 10**20, "stop")).status_code == 404

    def test_the_tab_is_there_for_those_who_may(self, site, root):
        assert at(root) in page(site, f"/accounts/{root.pk}/users")
        assert "sis_import" not in page(site, f"/accounts/{AccountFactory(parent=root).pk}/users")
        forbid("import_sis", root)
        forbid("manage_sis", root)
        assert "sis_import" not in page(site, f"/accounts/{root.pk}/users")

    def test_an_upload_is_not_read_before_we_know_that_its_sender_may(self, client, root):
        for person in (None, UserFactory()):
            if person:
                client.force_login(person)
            answer = upload(client, root, people("A"))
            assert answer.status_code == (403 if person else 302)
            assert not answer.wsgi_request._read_started

    def test_a_form_from_another_site_is_refused(self, root, admin):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(admin)
        assert upload(strict, root, people("A")).status_code == 403
        assert strict.post(at(root, "deletion_brake"), {"share": 50}).status_code == 403
        assert not SisImport.objects.exists()


class TestUploading:
    def test_an_empty_page_says_where_to_start(self, site, root):
        assert "No imports yet. Start with a dry run" in page(site, at(root))

    def test_a_file_is_imported_and_its_page_says_what_came_of_it(self, site, root, admin):
        shown = imported(site, root, people("A", "B"))
        assert User.objects.filter(sis_user_id__in=["A", "B"]).count() == 2
        for text in ("All rows were imported.", "People: 2 created.", "users.csv", "Alex Root", "Every row is correct"):
            assert text in shown
        assert last().user == admin
        assert Options.from_json(last().options) == Options()

    def test_options_chosen_on_the_page_reach_the_import(self, site, root):
        term = Term.objects.create(name="Autumn")
        Term.objects.create(name="Long gone", workflow_state="deleted")
        assert "Long gone" not in page(site, at(root))
        given = {"override_sis_stickiness": "on", "skip_deletes": "on", "batch_mode": "on"}
        batch = {"batch_mode_term_id": term.pk, "batch_mode_enrollment_drop_status": "inactive"}
        upload(site, root, people("A"), dry_run="1", **given, **batch)
        assert Options.from_json(last().options) == Options(
            override_sis_stickiness=True,
            skip_deletes=True,
            batch_mode=True,
            batch_mode_term_id=term.pk,
            batch_mode_enrollment_drop_status="inactive",
            dry_run=True,
        )
        upload(site, root, people("A"), diffing_data_set_identifier="nightly", diffing_remaster_data_set="on")
        assert last().diffing_data_set_identifier == "nightly"
        assert Options.from_json(last().options).diffing_remaster_data_set

    @pytest.mark.parametrize(
        ("name", "content", "complaint"),
        [
            ("users.csv", b"", "This file is empty."),
            ("users.xlsx", b"PK\x03\x04", "whose name ends in .csv or .zip"),
            ("users", b"a,b", "whose name ends in .csv or .zip"),
            ("users.csv", b"PK\x03\x04", "save it as “CSV UTF-8”"),
            ("users.zip", b"user_id,login_id", "This is not a zip archive"),
        ],
    )
    def test_what_cannot_be_a_roster_is_refused(self, site, root, name, content, complaint):
        answer = upload(site, root, content, name=name)
        assert answer.status_code == 422
        assert complaint in answer.content.decode()
        assert not SisImport.objects.exists()

    @pytest.mark.parametrize("given", [{}, {"attachment": "text, no file"}])
    def test_no_file_is_refused_and_the_options_are_kept(self, site, root, given):
        options = {"diffing_data_set_identifier": "nightly", "skip_deletes": "on"}
        answer = site.post(at(root), {**given, **options})
        shown = answer.content.decode()
        assert answer.status_code == 422
        assert "Choose a file." in shown
        assert 'value="nightly"' in shown
        assert "checked" in shown
        assert '<details class="disclosure" open>' in shown

    @pytest.mark.parametrize(
        ("given", "complaint"),
        [
            ({"batch_mode": "on"}, "Choose the term"),
            ({"batch_mode": "on", "batch_mode_term_id": "9" * 20}, "valid choice"),
            ({"batch_mode": "on", "batch_mode_term_id": "\0"}, "Null characters"),
            ({"batch_mode_enrollment_drop_status": "vanished"}, "valid choice"),
            ({"diffing_data_set_identifier": "x" * 129}, "at most 128"),
            ({"diffing_data_set_identifier": "a\0b"}, "Null characters"),
            ({"batch_mode": "on", "diffing_data_set_identifier": "x"}, "Choose one of the two."),
        ],
    )
    def test_options_that_make_no_sense_are_refused(self, site, root, given, complaint):
        answer = upload(site, root, people("A"), **given)
        assert answer.status_code == 422
        assert complaint in answer.content.decode()
        assert "Please choose the file again" in answer.content.decode()
        assert not SisImport.objects.exists()

    def test_a_file_beyond_the_limit_is_refused_unread(self, site, root, settings):
        settings.SIS_LARGEST_UPLOAD = 1_000
        answer = upload(site, root, people(*(f"U{n}" for n in range(200))))
        assert answer.status_code == 413
        assert "too large: at most 1000" in answer.content.decode()
        assert not answer.wsgi_request._read_started

    def test_a_large_upload_lies_on_disk_while_it_is_received(self, site, root):
        answer = upload(site, root, people(*(f"U{n}" for n in range(120_000))))
        assert answer.status_code == 302
        assert answer.wsgi_request.FILES["attachment"].temporary_file_path()

    @pytest.mark.parametrize("name", ["../../etc/users.csv", "a;b: 'c\t.csv", "=evil().csv", "ü" * 300 + ".csv"])
    def test_odd_file_names_do_no_harm(self, site, root, name):
        shown = imported(site, root, people("A"), name=name)
        assert "All rows were imported." in shown
        assert "/" not in last().file_name
        kept = site.get(at(root, last().pk, "upload"))
        assert (kept.status_code, b"".join(kept.streaming_content)) == (200, people("A").encode())
        kept.close()

    def test_every_example_on_the_page_is_one_of_the_documentation(self, site, root):
        shown = page(site, at(root))
        for text in (*(kind.example.text for kind in KINDS.values()), oneroster.EXAMPLE, school_data_sync.EXAMPLE):
            assert text in shown
            assert f"```csv\n{text}\n```" in TEXT


class TestWatching:
    def test_a_waiting_import_can_be_stopped(self, site, root):
        path = upload(site, root, people("A")).headers["Location"]
        shown = page(site, path)
        assert "Waiting its turn" in shown
        assert f'hx-get="{path}/progress?told=created-0"' in shown
        stopped = site.post(f"{path}/stop", follow=True).content.decode()
        assert "Stopped." in stopped
        assert "hx-get" not in stopped
        work_off(root)
        assert not User.objects.filter(sis_user_id="A").exists()
        assert "This import had already ended." in site.post(f"{path}/stop", follow=True).content.decode()

    def test_stopping_is_no_matter_of_following_a_link(self, site, root):
        path = upload(site, root, people("A")).headers["Location"]
        assert site.get(f"{path}/stop").status_code == 405
        assert last().workflow_state == "created"

    def test_the_part_that_changes_comes_alone_and_is_announced_once_a_quarter(self, site, root):
        path = upload(site, root, people("A")).headers["Location"]
        SisImport.objects.update(workflow_state="importing", progress=61)
        part = site.get(f"{path}/progress?told=created-0", headers={"HX-Request": "true"}).content.decode()
        assert '<progress max="100" value="61"' in part
        assert "<html" not in part
        assert 'id="told" hx-swap-oob="innerHTML">Running, 50 %<' in part
        part = site.get(f"{path}/progress?told=importing-50", headers={"HX-Request": "true"}).content.decode()
        assert "61 %" in part
        assert "hx-swap-oob" not in part
        assert site.get(f"{path}/progress").headers["Location"] == path

    def test_once_it_has_ended_the_page_is_loaded_anew(self, site, root):
        path = upload(site, root, people("A")).headers["Location"]
        work_off(root)
        assert site.get(f"{path}/progress", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"

    def test_the_page_keeps_pace_with_a_real_import(self, site, root, settings):
        path = upload(site, root, people(*(f"U{n}" for n in range(12_000)))).headers["Location"]
        shown = []

        def look(_import):
            shown.append(site.get(f"{path}/progress", headers={"HX-Request": "true"}))

        Import(last(), look).go()
        assert "41 %" in shown[0].content.decode()
        assert "83 %" in shown[1].content.decode()
        assert shown[-1].headers["HX-Refresh"] == "true"


class TestDryRun:
    def test_it_reports_with_examples_keeps_nothing_and_is_imported_by_a_button(self, site, root):
        imported(site, root, people("OLD", "GONE"))
        text = f"{USERS},full_name\nNEW,new,active,New Person\nOLD,old,active,Old Changed\nGONE,gone,deleted,"
        shown = imported(site, root, text, dry_run="1", skip_deletes="")
        for part in (
            "nothing was saved",
            "1 would be created",
            "New Person (NEW)",
            "1 would be changed",
            "1 would be removed",
        ):
            assert part in shown
        assert not User.objects.filter(sis_user_id="NEW").exists()
        assert "Undo import" not in shown
        looked = last()
        answer = site.post(at(root, looked.pk, "again"))
        assert answer.headers["Location"] == at(root, last().pk)
        assert last().pk > looked.pk
        work_off(root)
        assert User.objects.get(sis_user_id="NEW").name == "New Person"
        assert not Options.from_json(last().options).dry_run

    def test_enrollments_that_go_with_people_or_with_what_is_not_listed_are_told_too(self, site, root, load):
        load(
            terms="term_id,name,status\nT,Autumn,active",
            courses="course_id,short_name,long_name,term_id,status\nC,BIO,Biology,T,active",
            sections="section_id,course_id,name,status\nS,C,Biology A,active",
            users=f"{USERS},full_name\nKIM,kim,active,Kim Lee\nLOU,lou,active,Lou Moss\nPAT,pat,active,Pat Lee",
            enrollments="section_id,user_id,role,status\nS,KIM,student,active\nS,LOU,student,active",
            observers="observer_id,student_id,status\nPAT,KIM,active",
        )
        looked = load(users=people("KIM", status="deleted"), options=Options(dry_run=True)).report
        assert looked["enrollments"]["removed"] == {
            "count": 2,
            "examples": ["Kim Lee, Student, Biology A", "Pat Lee, Observer, Biology A"],
        }
        batch = Options(dry_run=True, batch_mode=True, batch_mode_term_id=Term.objects.get().pk)
        header_only = load(sections="section_id,course_id,name,status", options=batch).report
        assert header_only["sections"]["removed"]["count"] == 1
        assert header_only["enrollments"]["removed"]["count"] == 3

    def test_the_options_are_the_same_and_the_brake_is_on(self, site, root, load):
        looked = load(users=people("A"), options=Options(dry_run=True, skip_deletes=True, ignore_deletion_brake=True))
        site.post(at(root, looked.pk, "again"))
        assert Options.from_json(last().options) == Options(skip_deletes=True)

    def test_the_page_says_that_passwords_are_not_kept(self, site, root):
        shown = imported(site, root, f"{USERS},password\nA,a,active,{SECRET}", dry_run="1")
        assert "Passwords are not stored with the file" in shown

    def test_a_dry_run_that_changes_nothing_says_so(self, site, root):
        imported(site, root, people("A"))
        assert "Nothing. Everything in the files is already here." in imported(site, root, people("A"), dry_run="1")

    def test_what_was_imported_for_good_or_is_kept_no_more_is_not_repeated(self, site, root, load, settings):
        done = load(users=people("A"))
        looked = load(users=people("B"), options=Options(dry_run=True))
        settings.SIS_KEEP_DAYS = -1
        forget_old(all_kept())
        count = SisImport.objects.count()
        for one in (done, looked):
            assert site.get(at(root, one.pk, "again")).status_code == 404
            assert "cannot be repeated" in site.post(at(root, one.pk, "again"), follow=True).content.decode()
            assert "Import this file now" not in page(site, at(root, one.pk))
        assert SisImport.objects.count() == count

    def test_no_interruption_leaves_an_upload_with_its_passwords(self, root, load, settings):
        ended = load(users=people("A"))
        folder = settings.DATA_DIR / "sis_imports"
        waits = make(root, None, Options(), folder.parent, {"users": people("B")})
        left = [
            folder / f"{number}.uploaded.zip{more}"
            for number in (ended.pk, ended.pk + 900)
            for more in ("", ".unfinished")
        ]
        for path in left:
            path.write_text(SECRET)
        forget_old(all_kept())
        # It may be on its way.
        assert all(path.exists() for path in left)
        for path in folder.iterdir():
            os.utime(path, (0, 0))
        forget_old(all_kept())
        kept = SisImport.objects.exclude(stored_file="").values_list("stored_file", flat=True)
        assert sorted(f"sis_imports/{path.name}" for path in folder.iterdir()) == sorted(kept)
        assert waits.stored_file in kept

    def test_a_file_lost_from_the_disk_is_said_to_be_gone(self, site, root, load, settings):
        looked = load(users=people("B"), options=Options(dry_run=True))
        looked.refresh_from_db()
        (settings.DATA_DIR / looked.stored_file).unlink()
        assert "no longer stored" in site.post(at(root, looked.pk, "again"), follow=True).content.decode()
        assert site.get(at(root, looked.pk, "upload")).status_code == 404


class TestBrake:
    def test_it_asks_with_the_numbers_and_goes_on_only_after_asking(self, site, root):
        shown = braked(site, root)
        assert "Stopped by the brake" in shown
        assert "This import would remove 20 of" in shown
        assert User.objects.filter(state="deleted").count() == 0
        asked = page(site, at(root, last().pk, "again"))
        assert "This import would remove 20 of" in asked
        assert "Import anyway" in asked
        assert SisImport.objects.count() == 2
        site.post(at(root, last().pk, "again"))
        work_off(root)
        assert User.objects.filter(state="deleted").count() == 20

    def test_all_that_it_would_do_can_be_looked_at_first(self, site, root):
        braked(site, root)
        path = site.post(at(root, last().pk, "again"), {"dry_run": "1"}).headers["Location"]
        work_off(root)
        shown = page(site, path)
        assert "20 would be removed" in shown
        assert "Import this file now" in shown
        assert User.objects.filter(state="deleted").count() == 0
        # Importing from there brakes again: whoever looked has not been asked yet.
        site.post(at(root, last().pk, "again"))
        work_off(root)
        assert last().was_braked

    def test_a_dry_run_tells_all_that_it_would_do_and_that_the_brake_will_stop_it(self, site, root):
        imported(site, root, people(*(f"U{n}" for n in range(30))))
        shown = imported(site, root, people(*(f"U{n}" for n in range(20)), status="deleted"), dry_run="1")
        assert "20 would be removed" in shown
        assert "This import would remove 20 of" in shown
        assert "The real import will stop there and ask." in shown

    def test_one_that_somebody_stopped_is_not_taken_for_one_the_brake_stopped(self, site, root, admin):
        upload(site, root, people("A"))
        abort(last(), by=admin)
        assert "brake" not in page(site, at(root, last().pk)).replace("deletion_brake", "")
        assert site.get(at(root, last().pk, "again")).status_code == 404

    def test_the_share_of_the_deletion_brake_is_set_and_recorded(self, site, root, admin):
        assert "more than 10 %" in page(site, at(root))
        shown = site.post(at(root, "deletion_brake"), {"share": "35"}, follow=True).content.decode()
        assert "Saved. This applies from the next import on." in shown
        assert "more than 35 %" in shown
        event = AuditEvent.objects.get(action=Action.SIS_BRAKE_CHANGED)
        assert (event.actor, event.details) == (admin, {"before": 10, "after": 35})
        site.post(at(root, "deletion_brake"), {"share": "35"})
        assert AuditEvent.objects.filter(action=Action.SIS_BRAKE_CHANGED).count() == 1

    @pytest.mark.parametrize("share", ["", "-1", "101", "ten", "9" * 30, "1\0"])
    def test_anything_but_a_percentage_is_refused(self, site, root, share):
        answer = site.post(at(root, "deletion_brake"), {"share": share})
        assert answer.status_code == 422
        assert "Enter a percentage from 0 to 100." in answer.content.decode()
        root.refresh_from_db()
        assert root.sis_deletion_brake == 10


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


class TestLinks:
    @pytest.fixture
    def linked(self, root):
        for one in ("P1", "P2", None):
            parent, student = UserFactory(sis_user_id=one), UserFactory(sis_user_id=f"S-{one}")
            link(parent, student, origin=ObservationLink.Origin.CODE, by=None)

    def test_the_page_says_what_the_file_holds_and_a_post_sends_it(self, site, root, linked, admin):
        path = f"/accounts/{root.pk}/user_observers"
        assert path in page(site, at(root))
        shown = page(site, path)
        assert "will contain 2 links" in shown
        assert "1 link of people without a SIS ID" in shown
        assert not AuditEvent.objects.filter(action=Action.LINKS_EXPORTED).exists()
        answer = site.post(path)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="user_observers.csv"'
        assert answer.getvalue().decode().splitlines() == [
            '"observer_id","student_id","status"',
            '"P1","S-P1","active"',
            '"P2","S-P2","active"',
        ]
        assert AuditEvent.objects.get(action=Action.LINKS_EXPORTED).actor == admin

    def test_without_links_there_is_nothing_to_download(self, site, root):
        shown = page(site, f"/accounts/{root.pk}/user_observers")
        assert "no links to export yet" in shown
        assert "Download" not in shown

    @pytest.mark.parametrize("key", ["manage_user_observers", "read_sis"])
    def test_it_needs_the_rights_to_know_who_observes_whom(self, site, root, linked, key):
        forbid(key, root)
        path = f"/accounts/{root.pk}/user_observers"
        assert path not in page(site, at(root))
        assert site.get(path).status_code == 403
        assert site.post(path).status_code == 403


def test_the_history_says_who_when_which_file_and_what_came_of_it(site, root, load, tmp_path):
    load(users=people("A"))
    load(users=f"{USERS}\nB,,active", by=None)
    load(users=people("C"), options=Options(dry_run=True))
    make(root, None, Options(), tmp_path, {"users": people("D")})
    shown = page(site, at(root))
    history = shown[shown.index("Import history") :]
    for text in ("Alex Root", "the command line", "roster.zip", "Waiting", "All good", "Done, with warnings", "Done<"):
        assert text in history
    assert history.index("Waiting") < history.index("Dry run") < history.index("Done, with warnings")


def test_the_history_of_imports_comes_in_pages(site, root):
    SisImport.objects.bulk_create(SisImport(account=root, file_name=f"n{n:03}.csv") for n in range(30))
    assert "n029.csv" in page(site, at(root))
    assert "n004.csv" not in page(site, at(root))
    assert "n004.csv" in page(site, at(root), page=2)
    assert "There is nothing on this page." in page(site, at(root), page=9)


def test_the_number_of_statements_does_not_grow(site, root, load):
    def measured(one):
        paths = (at(root), at(root, one.pk), at(root, one.pk, "messages.csv"), f"/accounts/{root.pk}/user_observers")
        return [statements(lambda path=path: consumed(site.get(path))) for path in paths]

    def consumed(answer):
        return answer.getvalue()

    small = measured(load(users=f"{USERS}\nA,a,active\nB,,active", observers="observer_id,student_id\nX,Y"))
    Term.objects.bulk_create(Term(name=f"Term {n}") for n in range(20))
    SisImport.objects.bulk_create(SisImport(account=root, user=make_admin(), file_name="x.csv") for _ in range(20))
    for _ in range(10):
        link(UserFactory(), UserFactory(), origin=ObservationLink.Origin.CODE, by=None)
    many = load(
        users="\n".join([USERS, *(f"U{n},u{n},active" for n in range(50)), *(f"V{n},,active" for n in range(50))]),
        observers="\n".join(["observer_id,student_id,status", *(f"U{n},Q{n},active" for n in range(50))]),
        odd="a;b",
    )
    assert measured(many) == small
    assert max(small) <= 16
