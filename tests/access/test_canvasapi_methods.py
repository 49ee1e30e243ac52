"""Every method of canvasapi about what there is here, called: it works, or is refused as the documentation says."""

from __future__ import annotations

import inspect
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from canvasapi import Canvas
from canvasapi.exceptions import CanvasException
from canvasapi.paginated_list import PaginatedList

from accounts.api.endpoints import every_call
from accounts.domain.tokens import make_token
from tests.access.world import World
from tests.factories import make_admin

pytestmark = pytest.mark.django_db(transaction=True)

# What is passed, by the names of parameters; whatever is not here is 1.
BY_NAME: dict[str, Any] = {
    "attachment": "roster.csv",
    "event": "mark_as_read",
    "feature": "a",
    "grading_scheme_entry": [{"name": "A", "value": 90}],
    "html": "text",
    "migration_type": "course_copy_importer",
    "order": "1,2",
    "path": "a/b",
    "pseudonym": {"unique_id": "newcomer"},
    "query": "{ course(id: 1) { id } }",
    "quiz_extensions": [{"user_id": 1, "extra_attempts": 1}],
    "report_type": "provisioning_csv",
    "search_term": "a",
    "task": "conclude",
    "type": "StudentEnrollment",
}
# What is passed besides, by method.
MORE: dict[str, dict[str, Any]] = {
    "create_course": {"course": {"name": "Art"}},
    "create_course_section": {"course_section": {"name": "B"}},
    "create_enrollment_term": {"enrollment_term": {"name": "Spring"}},
    "create_subaccount": {"account": {"name": "Annex"}},
    "create_user": {"user": {"name": "Newcomer"}},
    "edit": {"user": {"time_zone": "UTC"}, "enrollment_term": {"name": "Fall"}, "course_section": {"name": "C"}},
    "update": {"account": {"name": "District"}, "course": {"name": "Art 2"}},
    "upload": {"file": "roster.csv"},
    "add_observee_with_credentials": {"pairing_code": "none"},
    "enroll_user": {"enrollment": {"enrollment_state": "active"}},
    "create_user_login": {"login": {"unique_id": "second"}},
    "create_report": {"parameters": {"terms": True}},
    "update_role": {"label": "Assistant"},
}
# After what only reads or makes.
ENDING = re.compile(r"^(delete|conclude|deactivate|remove|terminate|reset|abort|close|clear|merge|reject)")


# From the least to what all others are in.
KINDS = [
    "PairingCode",
    "Enrollment",
    "Login",
    "Section",
    "EnrollmentTerm",
    "Admin",
    "Role",
    "User",
    "SisImport",
    "Course",
    "Account",
    "Canvas",
]

# The methods that do what they are called for. Others are refused, or there is no such thing here.
SERVED = {
    "Account": (
        "abort_sis_imports_pending activate_role create_admin create_course create_enrollment_term "
        "create_report create_role create_sis_import create_subaccount create_user deactivate_role delete_admin "
        "delete_user "
        "get_admins get_authentication_provider get_authentication_providers get_courses get_enrollment "
        "get_enrollment_term get_enrollment_terms "
        "get_index_of_reports get_report get_reports get_role get_roles get_sis_import get_sis_imports "
        "get_sis_imports_running get_subaccounts get_user_logins get_users update update_role"
    ),
    "Canvas": (
        "conversations_get_running_batches conversations_unread_count get_account get_accounts get_brand_variables "
        "get_conversations get_course get_course_accounts get_courses get_current_user get_section get_user graphql "
        "search_recipients"
    ),
    "Course": (
        "conclude create_course_section delete enroll_user get_assignment get_assignment_groups get_assignments "
        "get_enabled_features get_enrollments get_grading_periods get_section get_sections get_settings get_tabs "
        "get_user get_users show_front_page update"
    ),
    "Enrollment": "deactivate reactivate",
    "EnrollmentTerm": "delete edit",
    "Login": "edit",
    "Section": "cross_list_section decross_list_section delete edit enroll_user get_enrollments",
    "SisImport": "abort",
    "User": (
        "add_observee create_pairing_code edit get_communication_channels get_courses get_enrollments "
        "get_observees get_observers get_profile get_user_logins remove_observee show_observee "
        "terminate_sessions"
    ),
}


class Wire:
    """What goes over the wire: method, path and status of each request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, str, int]] = []
        send = requests.Session.send

        def noting(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
            answer = send(session, request, **more)
            path = str(request.path_url).partition("?")[0]
            self.seen.append((str(request.method), path, answer.status_code))
            # Everything is answered in JSON, whatever becomes of it.
            json.loads(answer.content)
            return answer

        monkeypatch.setattr(requests.Session, "send", noting)


@pytest.fixture
def things(live_server) -> dict[str, Any]:
    """Objects of canvasapi, of each kind one that is there, by the names of their classes."""
    world = World()
    ids = world.ids(world.here)
    canvas = Canvas(live_server.url, make_token(make_admin(), "test", by=None))
    account = canvas.get_account(world.root.pk)
    student = canvas.get_user(ids["student"])
    aide = account.create_role("Aide")
    second = canvas.get_user(ids["second"])
    return {
        "Canvas": canvas,
        "Account": account,
        "Course": canvas.get_course(ids["course"]),
        "Section": canvas.get_section(ids["spare"]),
        "User": student,
        "Enrollment": account.get_enrollment(ids["idle_enrollment"]),
        "Login": next(iter(second.get_user_logins())),
        "Role": aide,
        "Admin": next(iter(canvas.get_account(ids["account"]).get_admins())),
        "EnrollmentTerm": next(iter(account.get_enrollment_terms())),
        "SisImport": account.get_sis_import(ids["import"]),
        "PairingCode": student.create_pairing_code(),
        # By the names of parameters
        "account": world.root.pk,
        "user": ids["ta"],
        "user_id": ids["classmate"],
        "observee_id": ids["classmate"],
        "observer_id": ids["observer"],
        "course": ids["course"],
        "assignment": ids["assignment"],
        "new_course": world.ids(world.there)["course"],
        "section": ids["section"],
        "role": aide.id,
        "term": ids["term"],
        "enrollment": ids["enrollment"],
        "sis_import": ids["import"],
        "report_id": ids["report_asked"],
        "subaccount": ids["account"],
    }


def methods(things: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """All methods of all kinds: first those that read and make, then those that end something."""
    found = [
        (kind, name, getattr(things[kind], name))
        for kind in KINDS
        for name, value in vars(type(things[kind])).items()
        if inspect.isfunction(value) and not name.startswith("_")
    ]
    yield from sorted(found, key=lambda each: bool(ENDING.match(each[1])))


def arguments(name: str, method: Any, given: dict[str, Any]) -> dict[str, Any]:
    wanted = inspect.signature(method).parameters.values()
    needed = {each.name for each in wanted if each.kind is each.POSITIONAL_OR_KEYWORD and each.default is each.empty}
    return {key: given.get(key, 1) for key in needed} | MORE.get(name, {})


def documented(method: str, path: str) -> set[int]:
    """The statuses that the schema says a call may answer with; GraphQL says in its answer what became of a query."""
    if path == "/api/graphql":
        return {200}
    for call in every_call():
        pattern = re.sub(r"\{\w+\}", "[^/]+", call.path)
        if call.method == method and re.fullmatch(f"/api/v1/{pattern}", path):
            return {200, *call.refusals}
    return {404, 405}


def test_every_method_works_or_is_refused_as_the_documentation_says(things, monkeypatch, tmp_path):
    (tmp_path / "roster.csv").write_text("user_id,login_id,status\n")
    monkeypatch.chdir(tmp_path)
    served, strange = defaultdict(set), {}
    wire = Wire(monkeypatch)
    for kind, name, method in methods(things):
        wire.seen.clear()
        try:
            found = method(**arguments(name, method, {**BY_NAME, **things, "label": f"{kind} {name}"}))
            if isinstance(found, PaginatedList):
                list(found)
        except CanvasException:
            pass
        except (TypeError, ValueError, OSError):
            # What the library asks of parameters before it sends anything; an answer that it cannot read is our fault.
            assert wire.seen == [], name
        if wire.seen and all(status < 300 for _method, _path, status in wire.seen):
            served[kind].add(name)
        if unexpected := [each for each in wire.seen if each[2] not in documented(*each[:2])]:
            strange[f"{kind}.{name}"] = unexpected
    assert strange == {}
    assert served == {kind: set(names.split()) for kind, names in SERVED.items()}
