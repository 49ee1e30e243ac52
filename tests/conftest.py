"""What the tests share."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connections

from accounts.models import Account
from tests.factories import RootFactory
from tests.racing import alone

# The browser tests drive Chromium and the ORM from one thread; Django takes Playwright's loop for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


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


@pytest.fixture(scope="session", autouse=True)
def _no_connection_is_kept() -> None:
    """The live server answers each request in a thread of its own, whose connection nobody would ever use again."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture
def raced_root(transactional_db, tmp_path_factory) -> Iterator[Account]:
    """The institution on real connections, with the database server to itself: for things done at the same moment."""
    with alone(tmp_path_factory.getbasetemp().parent):
        yield RootFactory()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium instead of a download."""
    return {**browser_type_launch_args, "executable_path": shutil.which("chromium")}
