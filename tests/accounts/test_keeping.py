"""What is kept for how long, as it is declared: in words, and as the moment before which it is forgotten."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings as site
from django.utils import timezone

from accounts.domain.retention import KEPT, Kept, all_kept, forget_old
from accounts.management.commands.retention_table import written_into

DAY = timedelta(days=1)


def kept(**given) -> Kept:
    return Kept(**{"what": "Letters", "tables": ("x.Y",), "why": "To answer.", "after": "they came", **given})


# How long


@pytest.mark.parametrize(("days", "keep"), [(None, None), (0, timedelta()), (7, 7 * DAY)])
def test_data_is_kept_for_a_number_of_days_or_for_good(days, keep):
    assert kept(days=days).keep == keep


def test_the_number_of_days_may_be_a_setting(settings):
    settings.LETTERS_KEEP_DAYS = 3
    assert kept(days="LETTERS_KEEP_DAYS").keep == 3 * DAY


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"days": None}, "for good"),
        ({"days": 0}, "until they came"),
        ({"days": 1}, "1 day after they came"),
        ({"days": 30}, "30 days after they came"),
        ({"days": "LETTERS_KEEP_DAYS"}, "`LETTERS_KEEP_DAYS` days after they came"),
    ],
)
def test_the_table_says_how_long_in_words(monkeypatch, given, words):
    monkeypatch.setattr("accounts.management.commands.retention_table.all_kept", lambda: [kept(**given)])
    text = written_into("by hand\n<!-- what is kept -->\nold\n<!-- end -->\nby hand")
    assert f"| Letters | {words} | To answer. |" in text
    assert "old" not in text
    assert text.startswith("by hand\n")
    assert text.endswith("by hand")


def test_all_apps_declare_what_they_keep_in_the_order_of_the_setting():
    found = all_kept()
    assert found[: len(KEPT)] == [*KEPT]
    assert len(found) > len(KEPT)
    assert len(site.RETENTION) > 1


def test_what_is_not_kept_for_good_is_forgotten_by_something_and_has_a_reason():
    for kind in KEPT:
        assert kind.why.endswith(".")
        assert (kind.days is None) is (kind.forget is None)
        assert (kind.days is None) is (kind.after == "")


# Forgetting


def test_each_kind_is_asked_to_forget_what_is_older_than_it_is_kept():
    asked: dict[str, datetime] = {}
    kinds = [
        kept(what="a week", days=7, forget=lambda before: asked.update(week=before)),
        kept(what="at once", days=0, forget=lambda before: asked.update(now=before)),
        kept(what="for good"),
        kept(what="no way to forget", days=7),
    ]
    forget_old(kinds)
    now = timezone.now()
    assert asked.keys() == {"week", "now"}
    assert abs(now - asked["now"]) < timedelta(minutes=1)
    assert abs(now - 7 * DAY - asked["week"]) < timedelta(minutes=1)
