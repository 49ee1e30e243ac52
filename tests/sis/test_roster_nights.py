"""Whatever came in the nights before, a right bulk upload of OneRoster or School Data Sync leaves what it says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sis.imports.queue import work_off
from sis.options import Options
from tests.database import empty_all_tables
from tests.factories import RootFactory
from tests.racing import at_once
from tests.sis import invented_rosters as rosters
from tests.sis.conftest import make
from tests.sis.invented_nights import differences, spoiled, texts, what_is

# Each example is several imports, and none of them in a transaction that is taken back.
rarely = settings(max_examples=settings().max_examples // 20)


def nights(version):
    """Uploads as they should not be."""
    needed = rosters.SDS_NEEDED if version == "sds" else rosters.NEEDED
    upload = spoiled(rosters.uploads(version), limits=rosters.LIMITS[version], needed=needed, fixed=rosters.FIXED)
    return st.lists(upload, min_size=1, max_size=3)


@pytest.fixture
def after(raced_root, settings, tmp_path):
    """`after(version, nights)`: what is in force after these on a site where nothing has been before."""
    settings.DATA_DIR = tmp_path / "data"

    def after(version, *nights):
        # Links in force are read on a connection of their own, which sees only what has been committed.
        # So are they emptied: all at once is no order in which anybody else would take them.
        assert at_once([empty_all_tables]) == [None]
        root = RootFactory()
        for upload in nights:
            files = texts(upload, rosters.HEADERS[version]) | rosters.with_manifest(upload, version)
            made = make(root, None, Options(ignore_deletion_brake=True), tmp_path, files)
            work_off(root)
            made.refresh_from_db()
            assert made.workflow_state.startswith("imported"), made.sis_import_errors.first()
        return what_is()

    return after


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("version", [*rosters.HEADERS])
@rarely
@given(data=st.data())
def test_whatever_came_before_a_right_upload_leaves_what_it_says(after, version, data):
    right, wanted = data.draw(rosters.schools(version), "right")
    before = data.draw(nights(version), "before")
    assert differences(after(version, *before, right), wanted) == {}
