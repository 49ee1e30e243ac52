"""What the tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest import runner
from django.conf import settings as django_settings
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from accounts.models import Account, User
from config.stack_room import with_room
from tests.database import empty_all_tables, let_everybody_leave
from tests.factories import RootFactory, make_admin
from tests.lock_order import watched
from tests.racing import alone

# The browser tests drive Chromium and the ORM from one thread; Django takes Playwright's loop for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


# The same examples in every run, so that a run says something about a change. Others, and many more of them, come
# with `bin/test --hypothesis-profile=thorough`. No deadlines: a busy machine is no fault.
SLOW_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
hypothesis_settings.register_profile(
    "usual", derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=SLOW_FIXTURES
)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=600, suppress_health_check=SLOW_FIXTURES)
hypothesis_settings.load_profile("usual")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test as usual, with room for its calls."""
    return with_room(runner.pytest_runtest_protocol, item, nextitem)


@pytest.fixture(autouse=True)
def _quick_settings(settings):
    """Static files as they lie in the tree, and a cheap password hash: neither is what the tests are about."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS[2:]]


@pytest.fixture
def root(db) -> Account:
    """The institution, with self registration on."""
    return RootFactory()


@pytest.fixture
def admin(root) -> User:
    """An Account Admin of the institution."""
    return make_admin()


@pytest.fixture(scope="session", autouse=True)
def _no_connection_is_kept() -> None:
    """The live server answers each request in a thread of its own, whose connection nobody would ever use again."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session", autouse=True)
def _static_folder() -> None:
    """The folder that `collectstatic` fills; the site warns where there is none."""
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The test database, which nobody else uses any more when it is dropped.

    The connection of a process that a test has killed lives until the server notices.
    """
    yield
    with django_db_blocker.unblock():
        let_everybody_leave()
        connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_quickly() -> Iterator[None]:
    """What Django calls after a test on real connections."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: empty_all_tables())
        yield


@pytest.fixture
def raced_root(transactional_db, tmp_path_factory) -> Iterator[Account]:
    """The institution on real connections, with the database server to itself: for things done at the same moment."""
    with alone(tmp_path_factory.getbasetemp().parent):
        yield RootFactory()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium instead of a download."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return {**browser_type_launch_args, "executable_path": found}


@pytest.fixture(autouse=True)
def lock_watch(request):
    """Whatever a test does with the database, no lock is taken out of the order that accounts/domain/locks.py gives."""
    needs = [name for name in ("transactional_db", "db") if name in request.fixturenames]
    if not needs:
        yield None
        return
    request.getfixturevalue(needs[0])
    with watched() as watch:
        yield watch
    assert watch.complaints == []
