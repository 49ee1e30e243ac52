"""What the tests of access begin with."""

import pytest

from tests.access.world import World


@pytest.fixture
def world(db) -> World:
    return World()
