"""canvasapi, the Python client written for Canvas, unchanged, imports rosters into a running server."""

import pytest
from canvasapi import Canvas

from accounts.domain.tokens import make_token
from accounts.models import ObservationLink
from sis.imports.queue import work_off
from tests.factories import RootFactory, make_admin

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(transactional_db, live_server, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    root = RootFactory()
    return Canvas(live_server.url, make_token(make_admin(), "test", by=None)).get_account(root.pk)


@pytest.fixture
def files(tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("user_id,login_id,status\nKIM,kim,active\nPAT,pat,active\nX,,active\n")
    observers = tmp_path / "user_observers.csv"
    observers.write_text("observer_id,student_id,status\nPAT,KIM,active\n")
    return users, observers


def test_an_import_from_sending_to_taking_back(account, files):
    users, observers = files
    sent = account.create_sis_import(str(users), import_type="instructure_csv", skip_deletes=True)
    assert (sent.workflow_state, sent.skip_deletes) == ("created", True)
    with observers.open("rb") as file:
        linked = account.create_sis_import(file)
    work_off(RootFactory())
    done = account.get_sis_import(sent)
    assert (done.workflow_state, done.progress) == ("imported_with_messages", 100)
    assert done.data["counts"]["users"] == 2
    assert account.get_sis_import(linked.id).data["counts"]["user_observers"] == 1
    assert ObservationLink.objects.get().origin == "sis"
    assert [one.id for one in account.get_sis_imports()] == [linked.id, sent.id]
    assert list(account.get_sis_imports_running()) == []
    progress = account.get_sis_import(sent.id).restore_states()
    work_off(RootFactory())
    assert progress.query().workflow_state == "completed"


def test_canvasapi_stops_imports(account, files):
    users, observers = files
    first = account.create_sis_import(str(users))
    account.create_sis_import(str(observers))
    assert first.abort().workflow_state == "aborted"
    assert account.abort_sis_imports_pending() is True
    assert {one.workflow_state for one in account.get_sis_imports()} == {"aborted"}
