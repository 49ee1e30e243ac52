"""The page of roster imports: for those who may, from the upload to taking it back."""

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import Action, AuditEvent, ObservationLink, User, numbers
from courses.domain.observation import link
from courses.models import Term
from sis.imports.queue import work_off
from sis.imports.runner import Import
from sis.models import SisImport
from sis.options import Options
from tests.database import statements
from tests.factories import AccountFactory, UserFactory, make_admin
from tests.sis.conftest import make
from tests.sis.pages import USERS, at, forbid, last, page, people, upload

pytestmark = pytest.mark.usefixtures("data_dir")


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
        content = answer.getvalue()
        assert answer.headers["Content-Length"] == str(len(content))
        assert content.decode().splitlines() == [
            '"observer_id","student_id","status"',
            '"P1","S-P1","active"',
            '"P2","S-P2","active"',
        ]
        assert AuditEvent.objects.get(action=Action.LINKS_EXPORTED).actor == admin

    def test_of_many_links_the_page_looks_at_the_first_and_the_file_has_all(self, site, root, linked, monkeypatch):
        monkeypatch.setattr(numbers, "MOST_COUNTED", 2)
        path = f"/accounts/{root.pk}/user_observers"
        shown = page(site, path)
        assert "There are more than 2 links. Of the first 2, user_observers.csv will contain 2." in shown
        assert "Left out" not in shown
        monkeypatch.setattr(numbers, "MOST_COUNTED", 3)
        assert "will contain 2 links" in page(site, path)
        link(UserFactory(), UserFactory(), origin=ObservationLink.Origin.CODE, by=None)
        shown = page(site, path)
        assert "Left out of these:" in shown
        assert "1 link of people without a SIS ID" in shown
        assert len(site.post(path).getvalue().splitlines()) == 4

    @pytest.mark.parametrize(("fault", "status"), [(RuntimeError, 500), (OperationalError, 503)])
    def test_one_that_fails_half_way_is_an_error_and_not_recorded(self, site, root, linked, monkeypatch, fault, status):
        def failing(*_given):
            yield "P1", "S-P1", "all"
            raise fault

        monkeypatch.setattr("sis.export.rows_of", failing)
        site.raise_request_exception = False
        answer = site.post(f"/accounts/{root.pk}/user_observers")
        assert answer.status_code == status
        assert "P1" not in answer.content.decode()
        assert "Content-Disposition" not in answer.headers
        assert not AuditEvent.objects.filter(action=Action.LINKS_EXPORTED).exists()

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
