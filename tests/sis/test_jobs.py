"""The jobs of rosters."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sis.imports.turns import turn
from sis.jobs import look_again, work
from sis.models import SisImport
from sis.options import Options
from tests.factories import RootFactory, make_admin
from tests.jobs import forget_all_jobs
from tests.sis.conftest import make


@pytest.fixture
def jobs(transactional_db):
    forget_all_jobs()
    yield
    forget_all_jobs()


@pytest.mark.usefixtures("jobs")
def test_an_import_that_nobody_is_at_any_more_is_gone_on_with(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    root, admin = RootFactory(), make_admin()
    made = make(root, admin, Options(), tmp_path, {"users": "user_id,login_id,status\nU1,u1,active"})
    with turn(root):
        # As while a command runs it: the job leaves the import to that, and ends. Then the command is killed.
        with ThreadPoolExecutor(1) as worker:
            worker.submit(work).result()
        assert SisImport.objects.get(pk=made.pk).workflow_state == "created"
    look_again(0)
    assert SisImport.objects.get(pk=made.pk).workflow_state == "imported"
