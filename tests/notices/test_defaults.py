"""What new observers are told of before they choose: read from the events of all entrances, once each."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ObservationLink
from courses.domain.observation import link_all
from notices.domain.defaults import give_new_observers_defaults
from notices.domain.thresholds import DEFAULTS, thresholds_of, turn_off
from notices.models import ObserverAlertThreshold
from tests.factories import RootFactory, UserFactory, make_student
from tests.observing import pair

# Readers get no event of their own transaction.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(transactional_db):
    return RootFactory()


def link_many(number: int) -> None:
    pairs = [(UserFactory().pk, make_student().pk) for _n in range(number)]
    link_all(pairs, origin=ObservationLink.Origin.SIS, by=None)


def test_a_job_gives_the_defaults_to_all_who_began_to_observe_however_they_did(root):
    link_many(3)
    pair(UserFactory(), make_student())
    give_new_observers_defaults()
    assert ObserverAlertThreshold.objects.active().count() == 4 * len(DEFAULTS)


def test_the_defaults_of_many_take_no_more_statements_than_of_one(root):
    taken = []
    link_many(1)
    give_new_observers_defaults()
    for number in (1, 30):
        link_many(number)
        with CaptureQueriesContext(connection) as asked:
            give_new_observers_defaults()
        taken.append(len(asked))
    assert taken[0] == taken[1] <= 8
    assert ObserverAlertThreshold.objects.count() == 32 * len(DEFAULTS)


def test_what_is_turned_off_before_the_job_comes_stays_off(root):
    observer = UserFactory()
    pair(observer, make_student())
    for one in thresholds_of(observer):
        turn_off(one)
    give_new_observers_defaults()
    assert not thresholds_of(observer).exists()
