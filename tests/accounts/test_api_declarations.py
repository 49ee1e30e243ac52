"""Endpoints read what they declare and nothing else, and refuse what cannot be read with what can stand there."""

import ast
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.api.endpoints import ApiRequest, Operation, every_call
from accounts.api.openapi import document
from accounts.api.parameter_types import (
    Counter,
    Either,
    Flag,
    FlagsByKey,
    Given,
    Id,
    Ids,
    Includes,
    Moment,
    NotServed,
    Parameter,
    Text,
    TextBesideHash,
    UndeclaredParameter,
    Whole,
    Word,
    Words,
)
from accounts.api.parameters import Parameters
from accounts.api.reference import written_into
from accounts.errors import Invalid
from accounts.management.commands import api_tables
from tests.api import Api
from tests.factories import CourseFactory, make_admin

NAME = Text("course[name]", "The name.")
EVENT = Word("course[event]", "What happens.", words=("offer", "claim"), aliases={"publish": "offer"})
STATES = Words("state[]", "In which states.", words=("active", "deleted"))
PERMISSIONS = FlagsByKey("permissions[<permission>][locked]", "Locked.", keys=("read", "write"))


def read(parameter: Parameter, **tree):
    return Given(Parameters(tree), [parameter])[parameter]


def refusal(*parameters: Parameter, **tree) -> dict[str, list]:
    with pytest.raises(Invalid) as caught:
        Given(Parameters(tree), parameters)
    return caught.value.errors


@pytest.mark.parametrize(
    ("parameter", "tree", "value"),
    [
        (NAME, {"course": {"name": " Art "}}, " Art "),
        (NAME, {}, ""),
        (NAME, {"course": "nonsense"}, ""),
        (Id("user_id", ""), {"user_id": 7}, "7"),
        (Flag("offer", ""), {"offer": "1"}, True),
        (Whole("role_id", ""), {"role_id": "12"}, 12),
        (Whole("role_id", ""), {"role_id": ""}, None),
        (Moment("start_at", ""), {}, None),
        (Ids("user_ids[]", ""), {"user_ids": [1, "2", ""]}, ["1", "2"]),
        (Either("published", ""), {"published": "0"}, False),
        (Either("published", ""), {"published": ""}, None),
        (NotServed("public", "", refusal="No.", fits=("false",)), {"public": "off"}, None),
        (NotServed("public", "", refusal="No.", fits=("false",)), {"public": ""}, None),
        (EVENT, {"course": {"event": "Claim"}}, "claim"),
        (EVENT, {"course": {"event": "publish"}}, "offer"),
        (EVENT, {"course": {"event": ""}}, ""),
        (STATES, {"state": "active"}, ["active"]),
        (STATES, {"state": ["active", "deleted"]}, ["active", "deleted"]),
        (Includes(words={"term": "the term"}), {"include": ["term", "unknown"]}, frozenset({"term"})),
        (Counter("page", "", default=1, most=100), {"page": "7"}, 7),
        (Counter("page", "", default=1, most=100), {"page": "7000"}, 100),
        (Counter("page", "", default=1, most=100), {"page": "bookmark:x"}, 1),
        (Counter("page", "", default=1, most=100), {"page": ["x"]}, 1),
        (TextBesideHash("pairing_code", ""), {"pairing_code": {"code": "x"}}, ""),
        (PERMISSIONS, {"permissions": {"read": {"locked": "1"}, "other": {"locked": 1}}}, {"read": True}),
    ],
)
def test_a_parameter_is_read_as_its_type(parameter, tree, value):
    assert read(parameter, **tree) == value


@pytest.mark.parametrize(
    ("parameter", "tree", "name", "kind", "says"),
    [
        (EVENT, {"course": {"event": "explode"}}, "course.event", "inclusion", "Please give offer or claim."),
        (STATES, {"state": ["active", "gone"]}, "state", "inclusion", "Please give active or deleted."),
        (Id("user_id", "", required="Say who."), {}, "user_id", "blank", "Say who."),
        (Id("user_id", "", required="Say who."), {"user_id": ""}, "user_id", "blank", "Say who."),
        (Id("user_id", "", required="Say who."), {"user_id": " \t"}, "user_id", "blank", "Say who."),
        (Word("event", "", required="Say what.", words=("end",)), {"event": "  "}, "event", "blank", "Say what."),
        (
            NotServed("login[password]", "", refusal="No."),
            {"login": {"password": ""}},
            "login.password",
            "invalid",
            "No.",
        ),
        (NotServed("public", "", refusal="No.", fits=("false",)), {"public": True}, "public", "invalid", "No."),
        (
            NotServed("account[settings]", "", refusal="No."),
            {"account": {"settings": {"a": 1}}},
            "account.settings",
            "invalid",
            "No.",
        ),
        (Ids("user_ids[]", ""), {"user_ids": [1, "x"]}, "user_ids", "invalid", "Must be numbers."),
        (PERMISSIONS, {"permissions": {"read": {"locked": "perhaps"}}}, "permissions.read.locked", "invalid", ""),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name_with_what_can(parameter, tree, name, kind, says):
    ((field, complaints),) = refusal(parameter, **tree).items()
    assert (field, complaints[0][0]) == (name, kind)
    assert says in str(complaints[0][1])


def test_everything_that_cannot_be_taken_is_told_at_once():
    tree = {"course": {"event": "explode", "name": ["x"]}, "state": "gone"}
    assert refusal(NAME, EVENT, STATES, **tree).keys() == {"course.name", "course.event", "state"}


def test_what_was_sent_is_told_from_what_was_not():
    given = Given(Parameters({"course": {"name": "", "event": None}}), [NAME, EVENT])
    assert NAME in given
    assert EVENT not in given
    assert given.fields(NAME, EVENT) == {"name": ""}
    assert given.values(NAME, EVENT) == {"name": "", "event": ""}


def test_reading_what_an_endpoint_does_not_declare_is_a_fault_of_the_endpoint(rf):
    request = ApiRequest(rf.get("/"), Operation(lambda request: {}, "Tests", (NAME,)))
    given = Given(Parameters({"state": "active"}), request.operation.takes)
    for use in (lambda: given[STATES], lambda: STATES in given, lambda: given.fields(STATES)):
        with pytest.raises(UndeclaredParameter):
            use()
    with pytest.raises(UndeclaredParameter):
        request.operation.includes  # noqa: B018


# Where requests are taken apart; everything else reads declared parameters.
TAKES_APART = {
    *(Path("accounts/api") / name for name in ("authentication.py", "endpoints.py", "pagination.py", "parameters.py")),
    *(Path("accounts/api/renderers.py"), Path("courses/api/authentication.py"), Path("sis/api/uploads.py")),
}
RAW = {"query_params", "data", "GET", "POST", "FILES", "META", "body", "_request"}


def test_no_endpoint_reads_a_request_past_its_declaration():
    found = {
        path
        for path in Path().glob("*/api/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in RAW and names_a_request(node.value)
    }
    assert found <= TAKES_APART
    assert Path("accounts/api/parameters.py") in found


def names_a_request(node: ast.expr) -> bool:
    return "request" in ast.unparse(node) or ast.unparse(node) == "call"


def test_every_call_says_what_it_does_and_what_each_parameter_means():
    calls = every_call()
    assert len(calls) > 80
    for call in calls:
        summary, _more = call.operation.about
        assert summary.endswith("."), call.shown
        assert summary.split()[0] not in ("GET", "POST", "PUT", "DELETE", "The", "Those", "A"), call.shown
        names = [parameter.name for parameter in call.takes]
        assert len(names) == len(set(names)), call.shown
        for parameter in call.takes:
            assert parameter.meaning.endswith("."), (call.shown, parameter.name)


def test_every_call_says_what_its_answer_looks_like():
    """A body of which nothing is said makes the schema fail."""
    made = document(every_call(), "/api/v1")
    names = [call["operationId"] for path in made["paths"].values() for call in path.values()]
    assert len(names) == len(set(names)) == len(every_call())


@pytest.mark.parametrize("event", [None, "", "  ", "explode"])
def test_what_a_call_cannot_do_without_is_asked_for_and_nothing_is_done(root, event):
    course = CourseFactory()
    answer = Api(make_admin()).delete(f"courses/{course.pk}", **({} if event is None else {"event": event}))
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {"event"}
    course.refresh_from_db()
    assert course.workflow_state == "available"


def test_an_unknown_word_is_answered_with_those_that_are_known(root):
    answer = Api(make_admin()).get("accounts/self/courses", state=["nonsense"])
    assert answer.status_code == 400
    (complaint,) = answer.json()["errors"]["state"]
    assert complaint["type"] == "inclusion"
    assert complaint["message"].startswith("Please give unpublished, available, completed, deleted")


def test_the_schema_is_served_to_everyone(root):
    found = Api().get("openapi.json").json()
    assert found["openapi"] == "3.1.0"
    assert found["paths"]["/accounts/{account_id}/roles"].keys() == {"get", "post"}


def test_the_page_lists_every_call_and_needs_nothing_from_elsewhere(root, client):
    answer = client.get("/doc/api")
    text = answer.content.decode()
    for call in every_call():
        assert f'id="{call.name}"' in text
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text


# docs/api.md

DOCUMENT = Path("docs/api.md")


def test_the_document_is_what_the_code_says():
    assert DOCUMENT.read_text() == written_into(DOCUMENT.read_text()), "Run manage.py api_tables."


def test_every_call_and_parameter_has_its_row():
    text = DOCUMENT.read_text()
    for call in every_call():
        assert f"| `{call.shown}` |" in text
        for parameter in call.takes:
            assert f"`{parameter.name}`" in text


def test_the_command_writes_the_file_and_checks_it(tmp_path, monkeypatch):
    file = tmp_path / "api.md"
    file.write_text("by hand\n<!-- calls -->\nold\n<!-- end -->\n")
    monkeypatch.setattr(api_tables, "FILE", file)
    with pytest.raises(CommandError):
        call_command("api_tables", "--check")
    call_command("api_tables")
    assert file.read_text().startswith("by hand\n<!-- calls -->\n\n### ")
    call_command("api_tables", "--check")
