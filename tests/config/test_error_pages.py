"""What readers see when something goes wrong: what happened, and a way on."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.template.loader import get_template

from tests.factories import UserFactory


@pytest.fixture
def quiet(client):
    """A browser that gets the error page instead of the exception."""
    client.raise_request_exception = False
    return client


def test_an_unknown_address_gets_a_page_that_leads_back(client, root):
    for reader in (None, UserFactory()):
        if reader:
            client.force_login(reader)
        answer = client.get("/no/such/page")
        assert answer.status_code == 404
        assert "Page not found" in answer.content.decode()
        assert 'href="/"' in answer.content.decode()


def test_a_failure_of_ours_is_told_without_the_database(quiet, root, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("accounts.views.settings.render", lambda *args, **kwargs: 1 / 0)
    with django_assert_num_queries(0):
        answer = quiet.get("/terms")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
    assert "ZeroDivisionError" not in answer.content.decode()


def test_a_request_that_makes_no_sense_is_told_so(quiet, root, monkeypatch):
    def refuse(*args, **kwargs):
        raise SuspiciousOperation("secret particulars")

    monkeypatch.setattr("accounts.views.settings.render", refuse)
    answer = quiet.get("/terms")
    assert answer.status_code == 400
    assert "could not read this request" in answer.content.decode()
    assert "secret particulars" not in answer.content.decode()


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_pages_for_the_worst_case_need_no_database_and_no_list_of_static_files(name, settings):
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "no.such.Storage"}}
    with connection.execute_wrapper(lambda *args: pytest.fail("asked the database")):
        assert "/static/css/base.css" in get_template(name).render()
