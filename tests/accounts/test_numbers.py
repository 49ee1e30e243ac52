"""Numbers that grow with the institution are counted so far, and told as such."""

import pytest
from django.db.models import OuterRef

from accounts.models import Account, numbers
from accounts.models.numbers import CountOf, Number, count
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_are_many(monkeypatch):
    monkeypatch.setattr(numbers, "MOST_COUNTED", 2)


def test_rows_are_counted_to_the_most_and_then_there_are_more(root):
    people = Account.objects.filter(parent=root)
    told = [(count(people), bool(count(people)), str(count(people)))]
    for _one in range(3):
        AccountFactory(parent=root)
        told.append((count(people), bool(count(people)), str(count(people))))
    assert told == [
        (Number(0), False, "0"),
        (Number(1), True, "1"),
        (Number(2), True, "2"),
        (Number(2, is_more=True), True, "2 or more"),
    ]


def test_rows_that_belong_to_each_of_a_list_are_counted_alike(root):
    schools = [AccountFactory(parent=root) for _one in range(4)]
    for number, school in enumerate(schools):
        for _one in range(number):
            AccountFactory(parent=school)
    below = CountOf(Account.objects.filter(parent=OuterRef("pk")).order_by("name"))
    counted = Account.objects.filter(parent=root).order_by("id").annotate(below=below)
    assert [str(one.below) for one in counted] == ["0", "1", "2", "2 or more"]


def test_a_large_number_is_told_in_groups_of_three_digits():
    assert str(Number(10_000, is_more=True)) == "10,000 or more"
