"""The page where rosters are uploaded: trying first, and what the deletion brake asks."""

import pytest
from django.core.files.base import ContentFile

from accounts.domain.retention import all_kept, forget_old
from accounts.models import Action, AuditEvent, User
from courses.models import Term
from sis.formats import oneroster, school_data_sync
from sis.imports.queue import abort, work_off
from sis.kinds.registry import KINDS
from sis.models import SisImport
from sis.options import Options
from sis.upload.storage import FOLDER, stored_names, uploads
from tests.sis.conftest import make
from tests.sis.pages import SECRET, USERS, at, braked, imported, last, page, people, upload
from tests.sis.test_documentation import TEXT
from tests.sis.uploads import keep_in_folder, make_stored_older

pytestmark = pytest.mark.usefixtures("data_dir")


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

    @pytest.mark.parametrize("where", ["database", "folder"])
    def test_no_interruption_leaves_an_upload_with_its_passwords(self, root, load, settings, tmp_path, where):
        if where == "folder":
            keep_in_folder(settings, tmp_path / "kept")
        ended = load(users=people("A"))
        waits = make(root, None, Options(), tmp_path, {"users": people("B")})
        left = [f"{FOLDER}/{number}.uploaded.zip" for number in (ended.pk, ended.pk + 900)]
        for name in left:
            uploads().save(name, ContentFile(SECRET.encode()))
        forget_old(all_kept())
        # It may be on its way.
        assert all(uploads().exists(name) for name in left)
        make_stored_older(tmp_path / "kept")
        forget_old(all_kept())
        kept = SisImport.objects.exclude(stored_file="").values_list("stored_file", flat=True)
        assert sorted(stored_names()) == sorted(kept)
        assert waits.stored_file in kept

    def test_a_file_lost_from_the_storage_is_said_to_be_gone(self, site, root, load):
        looked = load(users=people("B"), options=Options(dry_run=True))
        looked.refresh_from_db()
        uploads().delete(looked.stored_file)
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
