"""Whatever came in the nights before, a whole and right upload leaves what it says, save for what people changed."""

from dataclasses import dataclass, field

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from sis.imports import runner
from sis.imports.queue import work_off
from sis.options import Options
from tests.sis import invented_canvas as canvas
from tests.sis.conftest import make
from tests.sis.invented_nights import Upload, changes_by_hand, differences, do_by_hand, end, spoiled, texts, what_is

# Each example is several imports.
rarely = settings(max_examples=settings().max_examples // 10)
# Further ids are given for good, and not until a file lists them no more.
RIGHT, LIMITS = canvas.right_uploads(has_further=False), canvas.LIMITS


@dataclass
class Night:
    """An upload of one source, and what people do by hand the next day."""

    upload: Upload
    source: str = "nightly"
    by_hand: list[tuple[str, ...]] = field(default_factory=list)
    said: list[tuple] = field(default_factory=list)


@pytest.fixture
def after(root, admin, tmp_path, settings, monkeypatch, lock_watch):
    """`after(nights)`: what is in force after these, on a site where nothing has been before."""
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(runner, "ROWS_PER_CHUNK", 4)

    def after(*nights: Night):
        # The transaction that takes all of it back at the end is ours, and none of an import's.
        with transaction.atomic(), lock_watch.beginning_here():
            for night in nights:
                options = Options(ignore_deletion_brake=True, diffing_data_set_identifier=night.source)
                made = make(root, admin, options, tmp_path, texts(night.upload, canvas.HEADERS))
                work_off(root)
                made.refresh_from_db()
                assert made.workflow_state.startswith("imported" if night.upload else "failed")
                night.said = [(one.file, one.row, one.kind) for one in made.sis_import_errors.order_by("id")]
                for one in night.by_hand:
                    do_by_hand(admin, *one)
            found = what_is()
            transaction.set_rollback(True)
        return found

    return after


@rarely
@given(right=canvas.right_uploads())
def test_a_right_upload_makes_what_it_says(after, right):
    assert differences(after(Night(right)), canvas.said(right)) == {}


@rarely
@given(before=st.lists(spoiled(RIGHT, limits=LIMITS), min_size=1, max_size=3), right=RIGHT)
def test_whatever_came_before_a_right_upload_leaves_what_it_says(after, before, right):
    nights = [*map(Night, before), Night(right)]
    assert differences(after(*nights), canvas.said(right)) == {}, nights[-1].said


OBSERVING = canvas.right_uploads(has_further=False, enrolls_observers=True)


@rarely
@given(before=st.lists(spoiled(OBSERVING, limits=LIMITS), min_size=1, max_size=3), right=OBSERVING)
def test_whatever_came_before_rows_of_observers_leave_what_they_alone_would_have_made(after, before, right):
    nights = [*map(Night, before), Night(right)]
    alone = after(Night(right))
    assert differences(after(*nights), alone) == {}, nights[-1].said


SOURCES = {name: canvas.right_uploads(own=f"{name}-", has_further=False) for name in ("north", "west")}


def of_sources():
    """Nights of two schools with people in common, each with a data set of its own."""
    night = st.one_of(
        *(st.builds(Night, spoiled(uploads, limits=LIMITS), st.just(name)) for name, uploads in SOURCES.items())
    )
    return st.lists(night, min_size=1, max_size=3)


@rarely
@given(before=of_sources(), north=SOURCES["north"], west=SOURCES["west"])
def test_right_uploads_of_two_schools_leave_what_both_say(after, before, north, west):
    # Who was in both, and now is in one, may go with the other's upload until the next one of their own.
    last = [Night(north, "north"), Night(west, "west"), Night(north, "north")]
    assert differences(after(*before, *last), canvas.said(west, north)) == {}, last[-1].said


@st.composite
def touched(draw):
    """A right upload, what people then change by hand, and uploads that lack some people and files."""
    right = draw(RIGHT)
    by_hand = draw(changes_by_hand(canvas.said(right)))
    nights = []
    for _night in range(draw(st.integers(0, 2))):
        people = [row for row in right["users"] if row[0] == "H" or draw(st.booleans())]
        files = draw(st.lists(st.sampled_from(sorted(right)), unique=True, min_size=1))
        nights.append(Night({name: people if name == "users" else right[name] for name in files}))
    return [Night(right, by_hand=by_hand), *nights, Night(right)]


@rarely
@given(nights=touched())
def test_what_people_change_by_hand_stays_while_its_rows_do(after, nights):
    wanted = canvas.said(nights[0].upload)
    for what, *ids in nights[0].by_hand:
        end(wanted, what, *ids)
    assert differences(after(*nights), wanted) == {}, nights[-1].said
