"""The API keeps to its own OpenAPI schema, whatever is sent: schemathesis makes requests up from it.

Each call is made as an admin, a teacher and a parent, with ids that are there and ids that are not, and answers are
held against the statuses and shapes that it declares. `--hypothesis-profile=thorough` tries many more.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.api.endpoints import every_call
from accounts.domain.tokens import make_token

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
WHO = ("admin", "teacher", "observer")
IDS = {
    "account_id": "root",
    "sub_account_id": "account",
    "user_id": "student",
    "login_id": "student",
    "observee_id": "student",
    "observer_id": "observer",
    "course_id": "course",
    "section_id": "section",
    "enrollment_id": "enrollment",
    "term_id": "term",
    "role_id": "role",
    "import_id": "import",
}
THOROUGH = settings.get_current_profile_name() == "thorough"


def some(examples: int) -> settings:
    """So many made-up requests for one call, the same in every run unless it is a thorough one."""
    return settings(
        max_examples=15 * examples if THOROUGH else examples,
        derandomize=not THOROUGH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(autouse=True)
def _the_tests_own_connection(world):
    """The application would close the connection after each request, as Django's test client keeps it from doing."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def schema(world):
    """The schema as it is served, in which no object has a key that is not declared."""
    app = get_wsgi_application()
    found = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for shape in found.raw_schema["components"]["schemas"].values():
        if shape.get("required"):
            shape["additionalProperties"] = False
    closed = schemathesis.openapi.from_dict(found.raw_schema)
    closed.app, closed.location = app, found.location
    return closed


def test_every_answer_is_one_that_the_schema_declares(world, schema):
    ids = dict(world.ids(world.here))
    tokens = {name: make_token(world.people[name], "test", by=None) for name in WHO}
    tried: dict[int, int] = {}

    def try_out(operation: Any, mode: GenerationMode, examples: int, **fixed: Any) -> None:
        @some(examples)
        @given(case=operation.as_strategy(mode, query={"as_user_id": "self"}, **fixed))
        def one(case: Any) -> None:
            for token in tokens.values():
                with transaction.atomic():
                    answer = case.call(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
                    transaction.set_rollback(True)
                tried[answer.status_code] = tried.get(answer.status_code, 0) + 1
                case.validate_response(answer, checks=CHECKS)

        one()

    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) == len(every_call())
    for operation in found:
        there = {name: ids[IDS[name]] for name in IDS if f"{{{name}}}" in operation.path}
        try_out(operation, GenerationMode.POSITIVE, 4, path_parameters=there)
        if there:
            try_out(operation, GenerationMode.POSITIVE, 2)
        if operation.body:
            try_out(operation, GenerationMode.NEGATIVE, 2, path_parameters=there)
    assert sum(tried.values()) > 4 * len(WHO) * len(found)
    assert tried[200] > 200
    assert max(tried) < 500
