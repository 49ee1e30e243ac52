"""The API of imports (reference 4)."""

import io
import zipfile
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Action, AuditEvent, BaseType, Role, RoleOverride, User
from courses.models import Term
from sis.imports.queue import work_off
from sis.models import SisImport
from tests.api import Api
from tests.factories import AccountFactory, UserFactory, allow, make_admin

CSV = b"user_id,login_id,status\nU1,u1,active\nU2,,active\n"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def admin(root):
    return make_admin(name="Alex Root")


@pytest.fixture
def api(admin):
    return Api(admin)


def attach(api, path="accounts/self/sis_imports", content=CSV, name="users.csv", **more):
    return Client(headers=api.headers).post(
        f"/api/v1/{path}", {"attachment": SimpleUploadedFile(name, content, "text/csv"), **more}
    )


def raw(api, content=CSV, content_type="text/csv", **query):
    return api.raw("POST", f"accounts/self/sis_imports?{urlencode(query)}", content, content_type)


class TestCreating:
    def test_a_file_sent_as_attachment_is_imported(self, api, admin, root):
        answer = attach(api, import_type="instructure_csv")
        assert answer.status_code == 200
        body = answer.json()
        assert (body["workflow_state"], body["progress"]) == ("created", 0)
        assert body["data"] == {"import_type": "instructure_csv"}
        assert body["user"]["id"] == admin.pk
        assert (body["batch_mode"], body["skip_deletes"], body["override_sis_stickiness"]) == (None, False, None)
        work_off(root)
        done = api.get(f"accounts/{root.pk}/sis_imports/{body['id']}").json()
        assert (done["workflow_state"], done["progress"]) == ("imported_with_messages", 100)
        assert done["data"]["counts"]["users"] == 1
        assert done["processing_warnings"][0][0] == "users.csv"
        assert "processing_errors" not in done
        assert done["ended_at"].endswith("Z")

    @pytest.mark.parametrize(
        ("content_type", "query", "name"),
        [
            ("text/csv", {}, "sis_import.csv"),
            ("text/plain; charset=utf-8", {}, "sis_import.csv"),
            ("application/octet-stream", {"extension": "csv"}, "sis_import.csv"),
            ("application/zip", {}, "sis_import.zip"),
            ("application/octet-stream", {}, "sis_import.zip"),
            ("text/xml", {}, "sis_import.xml"),
        ],
    )
    def test_a_file_sent_as_the_body_is_imported(self, api, content_type, query, name):
        answer = raw(api, content_type=content_type, **query)
        assert answer.status_code == 200, answer.content
        assert SisImport.objects.get().file_name == name

    def test_a_zip_in_the_body_is_imported(self, api, root):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("deep/users.csv", CSV)
        raw(api, packed.getvalue(), "application/zip")
        work_off(root)
        assert User.objects.filter(sis_user_id="U1").exists()

    def test_an_upload_larger_than_other_requests_may_be(self, api, root):
        rows = b"".join(b"N%d,,active\n" % n for n in range(400_000))
        assert raw(api, b"user_id,login_id,status\n" + rows).status_code == 200

    def test_an_upload_that_is_too_large_is_refused(self, api, settings):
        settings.SIS_LARGEST_UPLOAD = 10
        assert raw(api).status_code == 413
        assert not SisImport.objects.exists()

    def test_another_charset_stores_nothing(self, api):
        answer = raw(api, content_type="text/csv; charset=iso-8859-1")
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
        assert not SisImport.objects.exists()

    @pytest.mark.parametrize(
        "options",
        [
            {"batch_mode": "true"},
            {"batch_mode": "1", "batch_mode_term_id": "999999"},
            {"batch_mode": "1", "batch_mode_term_id": "sis_term_id:nowhere"},
            {"batch_mode": "1", "multi_term_batch_mode": "1"},
            {"multi_term_batch_mode": "1"},
            {"diffing_drop_status": "gone"},
            {"batch_mode_enrollment_drop_status": "gone"},
            {"diffing_user_remove_status": "gone"},
            {"change_threshold": "101"},
            {"diffing_data_set_identifier": "x" * 129},
            {"import_type": "angel"},
        ],
    )
    def test_options_that_contradict_each_other_are_refused(self, api, options):
        answer = raw(api, **options)
        assert (answer.status_code, "message" in answer.json()) == (400, True), answer.content
        assert not SisImport.objects.exists()

    def test_options_come_with_the_upload_or_in_the_query(self, api):
        term = Term.objects.create(name="Fall", sis_term_id="T1")
        sent = {
            "batch_mode": "true",
            "batch_mode_term_id": "sis_term_id:T1",
            "skip_deletes": "1",
            "override_sis_stickiness": "true",
            "clear_sis_stickiness": "true",
            "update_sis_id_if_login_claimed": "true",
            "change_threshold": "7",
            "diffing_data_set_identifier": "nightly",
            "diffing_drop_status": "inactive",
        }
        for answer in (attach(api, **sent), raw(api, **sent)):
            body = answer.json()
            assert (body["batch_mode"], body["batch_mode_term_id"]) == (True, term.pk)
            assert (body["skip_deletes"], body["update_sis_id_if_login_claimed"]) == (True, True)
            assert (body["override_sis_stickiness"], body["clear_sis_stickiness"]) == (True, True)
            assert (body["change_threshold"], body["diffing_drop_status"]) == (7, "inactive")
            assert body["diffing_data_set_identifier"] == "nightly"

    def test_batch_mode_for_several_terms_is_batch_mode(self, api):
        body = raw(api, multi_term_batch_mode="true", change_threshold="20").json()
        assert (body["batch_mode"], body["batch_mode_term_id"], body["multi_term_batch_mode"]) == (True, None, True)

    @pytest.mark.parametrize("name", ["add_sis_stickiness", "clear_sis_stickiness"])
    def test_what_becomes_of_changes_by_hand_is_asked_only_of_imports_that_override_them(self, api, name):
        assert raw(api, **{name: "true"}).json()[name] is None
        assert raw(api, **{name: "true", "override_sis_stickiness": "true"}).json()[name] is True

    @pytest.mark.parametrize("text", ["perhaps", "\0", "9" * 30])
    def test_nonsense_is_a_clear_refusal(self, api, text):
        for key in ("batch_mode", "change_threshold", "batch_mode_term_id", "extension", "diffing_drop_status"):
            more = {} if key == "batch_mode" else {"batch_mode": "true"}
            assert raw(api, **{key: text}, **more).status_code == 400

    def test_a_request_without_a_file(self, api):
        answer = Client(headers=api.headers).post(
            "/api/v1/accounts/self/sis_imports", {"import_type": "instructure_csv"}
        )
        assert (answer.status_code, "message" in answer.json()) == (400, True)
        assert api.raw("POST", "accounts/self/sis_imports", "{}").status_code == 400

    def test_the_name_of_a_file_leads_nowhere(self, api, root):
        attach(api, name="..\\..\\etc/pass\twd.csv")
        made = SisImport.objects.get()
        assert "/" not in made.file_name
        assert made.stored_file == f"sis_imports/{made.pk}.uploaded.csv"


class TestActing:
    """Whom the caller acts as is known before the body is read, so it stands in the query."""

    PATH = "accounts/self/sis_imports"

    @pytest.fixture
    def other(self, root):
        return make_admin(name="Ola Other")

    def test_an_import_in_the_name_of_somebody_else(self, api, other):
        for answer in (attach(api, f"{self.PATH}?as_user_id={other.pk}"), raw(api, as_user_id=other.pk)):
            assert (answer.status_code, answer.json()["user"]["id"]) == (200, other.pk)

    def test_the_record_tells_who_really_imported_and_took_back_and_all_that_came_of_it(self, api, root, admin, other):
        for name in ("P", "S"):
            UserFactory(sis_user_id=name)
        content = b"observer_id,student_id,status\nP,S,active"
        path = f"{self.PATH}/{raw(api, content, as_user_id=other.pk).json()['id']}"
        work_off(root)
        api.put(f"{path}/restore_states?as_user_id={other.pk}")
        work_off(root)
        events = AuditEvent.objects.exclude(action=Action.TOKEN_CREATED).order_by("id")
        wanted = ["sis_import.started", "observing.began", "sis_import.ended", "sis_import.restored", "observing.ended"]
        assert [event.action for event in events] == wanted
        assert {(event.actor, event.acting_for) for event in events} == {(admin, other)}

    @pytest.mark.parametrize("key", ["as_user_id", "as_user_id[]", "as_user_id[id]"])
    def test_named_in_the_body_it_is_refused_and_nothing_is_done_as_the_caller(self, api, admin, other, key):
        for query in ("", f"?as_user_id={admin.pk}", "?as_user_id=self"):
            answer = attach(api, self.PATH + query, **{key: other.pk})
            assert answer.status_code == 400
            assert "in the query" in answer.json()["message"]
        assert not SisImport.objects.exists()

    def test_as_user_id_counts_when_query_and_body_agree(self, api, other):
        answer = attach(api, f"{self.PATH}?as_user_id={other.pk}", as_user_id=other.pk)
        assert answer.json()["user"]["id"] == other.pk

    def test_somebody_who_may_not_import_cannot_be_used_to(self, api):
        answer = attach(api, f"{self.PATH}?as_user_id={UserFactory().pk}")
        assert (answer.status_code, answer.wsgi_request._read_started) == (403, False)
        answer = attach(api, f"{self.PATH}?as_user_id=999999")
        assert (answer.status_code, answer.wsgi_request._read_started) == (401, False)


class TestUnread:
    """The body of whoever may not import is not looked at, however large and however it is sent."""

    @pytest.mark.parametrize("most", [10, 10**9])
    def test_uploads_of_strangers_are_not_read(self, root, settings, most):
        settings.SIS_LARGEST_UPLOAD = most
        for api, status in ((Api(UserFactory()), 403), (Api(make_admin(AccountFactory())), 403), (Api(), 401)):
            for answer in (attach(api), raw(api), raw(api, content_type="application/x-www-form-urlencoded")):
                assert (answer.status_code, answer.wsgi_request._read_started) == (status, False)

    def test_an_upload_that_is_too_large_is_not_read(self, api, settings):
        settings.SIS_LARGEST_UPLOAD = 10
        for answer in (attach(api), raw(api)):
            assert (answer.status_code, answer.wsgi_request._read_started) == (413, False)

    def test_a_roster_sent_as_a_plain_body_by_default_is_taken(self, api):
        answer = raw(api, content_type="application/x-www-form-urlencoded", extension="csv")
        assert answer.status_code == 200, answer.content


class TestPermissions:
    def test_only_the_root_account_takes_imports(self, api):
        school = AccountFactory()
        for answer in (attach(api, f"accounts/{school.pk}/sis_imports"), api.get(f"accounts/{school.pk}/sis_imports")):
            assert (answer.status_code, "errors" in answer.json()) == (400, True)

    def test_only_those_with_the_permission_use_imports_through_the_api(self, root, api):
        body = attach(api).json()
        stranger = Api(UserFactory())
        of_a_school = Api(make_admin(AccountFactory()))
        path = f"accounts/self/sis_imports/{body['id']}"
        for other in (stranger, of_a_school):
            assert attach(other).status_code == 403
            for read in ("accounts/self/sis_imports", path, f"{path}/errors", "accounts/self/sis_import_errors"):
                assert other.get(read).status_code == 403
            for read in ("accounts/self/sis_imports/importing", f"{path}/errors_attachment", f"{path}/upload"):
                assert other.get(read).status_code == 403
            for change in (f"{path}/abort", "accounts/self/sis_imports/abort_all_pending", f"{path}/restore_states"):
                assert other.put(change).status_code == 403
            assert other.get(f"progress/{body['id']}").status_code == 403
        assert Api().get("accounts/self/sis_imports").status_code == 401

    def test_managing_reads_and_restores_but_does_not_create_and_importing_the_other_way(self, root, admin, api):
        body = attach(api).json()
        work_off(root)
        path = f"accounts/self/sis_imports/{body['id']}"
        manager = make_admin()
        allow_only(root, "manage_sis")
        assert attach(Api(manager)).status_code == 403
        assert Api(manager).get(path).status_code == 200
        assert Api(manager).put(f"{path}/restore_states").status_code == 200
        RoleOverride.objects.all().delete()
        allow_only(root, "import_sis")
        assert attach(Api(manager)).status_code == 200
        assert Api(manager).get(path).status_code == 200
        assert Api(manager).put(f"{path}/restore_states").status_code == 403


def allow_only(root, key):
    """Of the two permissions, Account Admins have this one."""

    other = {"manage_sis": "import_sis", "import_sis": "manage_sis"}[key]
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    RoleOverride.objects.create(account=root, role=role, permission=other, enabled=False)
    allow(BaseType.ACCOUNT_ADMIN, key)


class TestReading:
    def test_lists_by_state_and_time_the_newest_first(self, api, root):
        first, second = attach(api).json()["id"], attach(api).json()["id"]
        work_off(root)
        third = attach(api).json()["id"]
        SisImport.objects.filter(pk=first).update(created_at=timezone.now() - timedelta(days=2))
        day_ago = (timezone.now() - timedelta(days=1)).isoformat()

        def listed(**query):
            return [one["id"] for one in api.get("accounts/self/sis_imports", **query).json()["sis_imports"]]

        assert listed() == [third, second, first]
        assert listed(workflow_state=["created"]) == [third]
        assert listed(created_since=day_ago) == [third, second]
        assert listed(created_before=day_ago) == [first]
        answer = api.get("accounts/self/sis_imports", per_page=2)
        assert 'rel="next"' in answer["Link"]

    def test_what_we_note_for_ourselves_is_not_told(self, api, root):
        term = Term.objects.create(name="Autumn").pk
        made = attach(api, batch_mode="true", batch_mode_term_id=term, content=CSV[:-12]).json()["id"]
        work_off(root)
        assert "batch_decided" in SisImport.objects.get(pk=made).data
        told = api.get(f"accounts/self/sis_imports/{made}").json()["data"]
        assert told.keys() == {
            *("import_type", "supplied_batches", "completed_importers", "running_immediately", "counts", "statistics"),
            "downloadable_attachment_ids",
        }

    def test_running_imports_are_listed(self, api):
        assert api.get("accounts/self/sis_imports/importing").json() == {"sis_imports": []}
        one = attach(api).json()["id"]
        SisImport.objects.update(workflow_state="cleanup_batch")
        assert [one] == [found["id"] for found in api.get("accounts/self/sis_imports/importing").json()["sis_imports"]]

    def test_what_an_import_has_to_say(self, api, root):
        rows = b"".join(b"U%d,,active\n" % n for n in range(30))
        one = attach(api, content=b"user_id,login_id,status\n" + rows + b"=1,,active\n", name="=odd.csv").json()["id"]
        attach(api, content=b"strange\n1")
        work_off(root)
        body = api.get(f"accounts/self/sis_imports/{one}").json()
        assert len(body["processing_warnings"]) == 25
        assert "7 more" in body["processing_warnings"][-1][1]
        errors = api.get(f"accounts/self/sis_imports/{one}/errors", per_page=100).json()["sis_import_errors"]
        assert len(errors) == 31
        assert set(errors[0]) == {"sis_import_id", "file", "message", "row_info", "row"}
        assert (errors[0]["row"], errors[0]["row_info"]) == (32, "=1,active")
        everywhere = api.get("accounts/self/sis_import_errors", failure=True).json()["sis_import_errors"]
        assert len(everywhere) == 1
        attachment = body["errors_attachment"]
        assert attachment["filename"] == f"sis_errors_attachment_{one}.csv"
        answer = Client(headers=api.headers).get(attachment["url"].partition("testserver")[2])
        lines = answer.getvalue().decode().splitlines()
        assert lines[0] == '"sis_import_id","file","message","row"'
        assert len(lines) == 32
        assert lines[1].startswith((f'"{one}","_odd.csv",', f'"{one}","\'=odd.csv",'))

    def test_the_upload_as_it_came_but_for_passwords(self, api, root):
        content = b"user_id,login_id,status,password\nU1,u1,active,four-old-bicycles\n"
        one = attach(api, content=content).json()["id"]
        assert api.get(f"accounts/self/sis_imports/{one}/upload").status_code == 404
        work_off(root)
        (file,) = api.get(f"accounts/self/sis_imports/{one}").json()["csv_attachments"]
        answer = Client(headers=api.headers).get(file["url"].partition("testserver")[2])
        kept = b"".join(answer.streaming_content)
        assert b"U1" in kept
        assert b"bicycles" not in kept

    @pytest.mark.parametrize("pk", ["0", "99999999999999999999", "x", "sis_user_id:1"])
    def test_an_unknown_import_is_a_404(self, api, pk):
        for path in (f"accounts/self/sis_imports/{pk}", f"accounts/self/sis_imports/{pk}/errors", f"progress/{pk}"):
            assert api.get(path).status_code == 404
        assert api.put(f"accounts/self/sis_imports/{pk}/abort").status_code == 404

    def test_a_list_takes_as_many_statements_as_one(self, api, root, django_assert_max_num_queries):
        for _number in range(4):
            attach(api)
        work_off(root)
        with django_assert_max_num_queries(7):
            api.get("accounts/self/sis_imports")


class TestStopping:
    def test_a_waiting_import_is_aborted(self, api):
        one = attach(api).json()["id"]
        assert api.put(f"accounts/self/sis_imports/{one}/abort").json()["workflow_state"] == "aborted"
        assert api.put(f"accounts/self/sis_imports/{one}/abort").status_code == 404

    def test_all_waiting_imports_are_aborted_at_once(self, api, root):
        first = attach(api).json()["id"]
        running = attach(api).json()["id"]
        SisImport.objects.filter(pk=running).update(workflow_state="importing")
        assert api.put("accounts/self/sis_imports/abort_all_pending").json() == {"aborted": True}
        assert SisImport.objects.get(pk=first).progress == 100
        assert SisImport.objects.get(pk=running).workflow_state == "importing"


class TestTakingBack:
    def test_the_progress_of_restoring_is_reported(self, api, root):
        one = attach(api).json()["id"]
        work_off(root)
        path = f"accounts/self/sis_imports/{one}/restore_states"
        answer = api.put(path, undelete_only=True, unconclude_only=True)
        assert (answer.status_code, "errors" in answer.json()) == (400, True)
        begun = api.put(path).json()
        assert (begun["workflow_state"], begun["tag"]) == ("queued", "sis_batch_state_restore")
        work_off(root)
        ended = api.get(f"progress/{begun['id']}").json()
        assert (ended["workflow_state"], ended["completion"]) == ("completed", 100)
        assert User.objects.get(sis_user_id="U1").state == "deleted"
        assert api.get(f"accounts/self/sis_imports/{one}").json()["workflow_state"] == "restored"
