"""Whatever came in the nights before, a right bulk upload of OneRoster or School Data Sync leaves what it says."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sis.imports.queue import work_off
from sis.options import Options
from tests.database import empty_all_tables
from tests.factories import RootFactory, make_admin
from tests.racing import at_once
from tests.sis import invented_rosters as rosters
from tests.sis.conftest import make
from tests.sis.invented_nights import Upload, changes_by_hand, differences, do_by_hand, end, spoiled, texts, what_is

# Each example is several imports, and none of them in a transaction that is taken back.
rarely = settings(max_examples=settings().max_examples // 20)


def nights(version):
    """Uploads as they should not be."""
    needed = rosters.SDS_NEEDED if version == "sds" else rosters.NEEDED
    upload = spoiled(rosters.uploads(version), limits=rosters.LIMITS[version], needed=needed, fixed=rosters.FIXED)
    return st.lists(upload, min_size=1, max_size=3)


@dataclass
class Night:
    """An upload, whether it is all there is or changes, and what people do by hand the next day."""

    upload: Upload
    mode: str = "bulk"
    by_hand: list[tuple[str, ...]] = field(default_factory=list)


@pytest.fixture
def after(raced_root, settings, tmp_path):
    """`after(version, nights)`: what is in force after these on a site where nothing has been before."""
    settings.DATA_DIR = tmp_path / "data"

    def after(version, *nights):
        # Links in force are read on a connection of their own, which sees only what has been committed.
        # So are they emptied: all at once is no order in which anybody else would take them.
        assert at_once([empty_all_tables]) == [None]
        root = RootFactory()
        admin = make_admin(name="Alex Root", login_id="alex", sis_user_id="ALEX")
        for night in nights:
            files = texts(night.upload, rosters.HEADERS[version])
            files |= rosters.with_manifest(night.upload, version, night.mode)
            made = make(root, None, Options(ignore_deletion_brake=True), tmp_path, files)
            work_off(root)
            made.refresh_from_db()
            assert made.workflow_state.startswith("imported"), made.sis_import_errors.first()
            for one in night.by_hand:
                do_by_hand(admin, *one)
        return what_is()

    return after


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("version", [*rosters.HEADERS])
@rarely
@given(data=st.data())
def test_whatever_came_before_a_right_upload_leaves_what_it_says(after, version, data):
    right, wanted = data.draw(rosters.schools(version), "right")
    before = data.draw(nights(version), "before")
    assert differences(after(version, *map(Night, before), Night(right)), wanted) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
@rarely
@given(data=st.data())
def test_changes_between_bulk_uploads_leave_what_the_last_of_these_says(after, version, data):
    right, wanted = data.draw(rosters.schools(version), "right")
    first = data.draw(rosters.uploads(version), "first")
    changes = st.builds(Night, rosters.changes(version), st.just("delta"))
    bulk = st.builds(Night, nights(version).map(lambda some: some[0]))
    between = data.draw(st.lists(st.one_of(changes, changes, bulk), min_size=1, max_size=4), "between")
    assert differences(after(version, Night(first), *between, Night(right)), wanted) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("version", [*rosters.HEADERS])
@rarely
@given(data=st.data())
def test_what_people_change_by_hand_stays_while_its_rows_do(after, version, data):
    right, wanted = data.draw(rosters.schools(version), "right")
    by_hand = data.draw(changes_by_hand(wanted), "by hand")
    between = data.draw(st.lists(st.builds(Night, lacking(right, version)), max_size=2), "between")
    for what, *ids in by_hand:
        end(wanted, what, *ids)
    assert differences(after(version, Night(right, by_hand=by_hand), *between, Night(right)), wanted) == {}


@st.composite
def lacking(draw, right, version):
    """A right upload that lacks some of its people, and some files that it need not have."""
    needed = rosters.SDS_NEEDED if version == "sds" else rosters.NEEDED
    missing = {row[0] for row in right["users"] if draw(st.booleans())}
    files = draw(st.lists(st.sampled_from(sorted({*right} - needed)), unique=True))
    return {
        name: [row for row in right[name] if name != "users" or row[0] not in missing]
        for name in [*sorted(needed), *files]
    }
