"""The addresses of records of one kind, made at once."""

import pytest
from django.urls import reverse, set_script_prefix

from accounts.web.addresses import addresses


@pytest.mark.parametrize("prefix", ["/", "/pairing%20codes/"])
def test_addresses_made_at_once_are_those_made_one_by_one(prefix):
    set_script_prefix(prefix)
    try:
        for course, person in [(1, 2), (10**18, 10**18), (7, 10**18 + 1)]:
            assert addresses("course")(course) == reverse("course", args=[course])
            assert addresses("course_user", course)(person) == reverse("course_user", args=[course, person])
    finally:
        set_script_prefix("/")
