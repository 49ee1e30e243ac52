"""What is said of the API, made from its declarations: schema, tables and page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from django.http import HttpResponse

from accounts.api.endpoints import ALWAYS, CHANGING, WITH_ID, Call, Operation, every_call
from accounts.api.openapi import FORM, JSON, PARTS, document, schema_of
from accounts.api.pagination import PAGING
from accounts.api.parameter_types import (
    Counter,
    File,
    Flag,
    FlagsByKey,
    Id,
    Ids,
    Includes,
    Moment,
    NotServed,
    Parameter,
    Text,
    TextBesideHash,
    Texts,
    Whole,
    Word,
    Words,
    one_of,
)
from accounts.api.reference import answer_in_words, chapters, in_words, meaning_in_words, type_in_words, written_into
from accounts.views.api_reference import with_code


class Leaf(TypedDict):
    """The smallest thing."""

    id: int
    note: NotRequired[str | None]


class Branch(TypedDict):
    """Something with leaves."""

    leaves: list[Leaf]
    by_name: dict[str, Leaf]
    kind: Literal["big", "small"]


LEAF = {"$ref": "#/components/schemas/Leaf"}


def call(
    *takes: Parameter[Any], method: str = "POST", path: str = "things/{thing_id}", body: Any = Leaf, **more
) -> Call:
    """A call whose handler answers with `body`."""

    def handler(request):
        """Do it."""

    handler.__annotations__["return"] = body
    return Call(method, path, Operation(handler, "Things", takes, **more))


def described(one: Call) -> dict[str, Any]:
    (operations,) = document([one], "/api/v1")["paths"].values()
    (operation,) = operations.values()
    return operation


# Types as JSON Schema has them


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (None.__class__, {"type": "null"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (Any, {}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (NotRequired[int], {"type": "integer"}),
        (list[Leaf], {"type": "array", "items": LEAF}),
        (Leaf | HttpResponse, LEAF),
    ],
)
def test_a_type_becomes_a_schema(kind, schema):
    assert schema_of(kind, {}) == schema


@pytest.mark.parametrize("kind", [object, dict, list, Mapping[str, int], tuple[int, str]])
def test_a_type_that_does_not_say_what_is_in_it_is_a_fault(kind):
    with pytest.raises(TypeError, match="does not say what is in it"):
        schema_of(kind, {})


def test_what_has_a_name_is_described_once_with_what_is_in_it_and_what_may_be_missing():
    schemas: dict[str, Any] = {}
    assert schema_of(Branch, schemas) == {"$ref": "#/components/schemas/Branch"}
    assert schemas.keys() == {"Branch", "Leaf"}
    assert schemas["Leaf"] == {
        "description": "The smallest thing.",
        "type": "object",
        "properties": {"id": {"type": "integer"}, "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        "required": ["id"],
    }
    assert schemas["Branch"]["properties"] == {
        "leaves": {"type": "array", "items": LEAF},
        "by_name": {"type": "object", "additionalProperties": LEAF},
        "kind": {"enum": ["big", "small"]},
    }


# Calls


@pytest.mark.parametrize(
    ("method", "path", "shown", "name", "ids", "changes"),
    [
        ("GET", "accounts", "GET accounts", "get_accounts", [], False),
        (
            "PUT",
            "accounts/{account_id}/roles/{role_id}",
            "PUT accounts/:account_id/roles/:role_id",
            "put_accounts_account_id_roles_role_id",
            ["account_id", "role_id"],
            True,
        ),
        (
            "DELETE",
            "users/{user_id}/sessions",
            "DELETE users/:user_id/sessions",
            "delete_users_user_id_sessions",
            ["user_id"],
            True,
        ),
        ("GET", "", "GET /", "get", [], False),
    ],
)
def test_a_call_is_shown_as_canvas_shows_it_and_has_a_name_of_its_own(method, path, shown, name, ids, changes):
    one = call(method=method, path=path)
    assert (one.shown, one.name, one.ids, one.changes) == (shown, name, ids, changes)


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("GET", "things", {*ALWAYS}),
        ("GET", "things/{thing_id}", {*ALWAYS, *WITH_ID}),
        ("POST", "things", {*ALWAYS, *CHANGING}),
        ("DELETE", "things/{thing_id}", {*ALWAYS, *WITH_ID, *CHANGING}),
    ],
)
def test_a_call_says_what_it_may_answer_besides_success(method, path, statuses):
    assert list(call(method=method, path=path).refusals) == sorted(statuses)
    own = call(method=method, path=path, refusals={409: "Twice.", 403: "Not so."}).refusals
    assert list(own) == sorted(statuses | {409})
    assert (own[409], own[403]) == ("Twice.", "Not so.")


def test_calls_stand_chapter_by_chapter_and_each_once():
    found = every_call()
    groups = [one.operation.group for one in found]
    assert groups == sorted(groups, key=groups.index)
    assert len({one.shown for one in found}) == len(found)
    assert [chapter.title for chapter in chapters()] == list(dict.fromkeys(groups))
    assert sum(len(chapter.calls) for chapter in chapters()) == len(found)


def test_a_chapter_names_each_of_its_parameters_once_and_paging_not_at_all():
    for chapter in chapters():
        assert len(chapter.parameters) == len(set(chapter.parameters))
        assert not set(PAGING) & set(chapter.parameters)


# The schema of a call

NAME = Text("thing[name]", "The name.", required="Enter a name.")
COLOR = Word("thing[color]", "The color.", words=("red", "blue"))
KEYS = FlagsByKey("permissions[<permission>][locked]", "Locked.", keys=("read",))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_read_or_deleted_is_said_in_the_query(method):
    found = described(call(NAME, COLOR, method=method))
    assert "requestBody" not in found
    assert [one.get("name", "as_user_id") for one in found["parameters"]] == [
        "thing_id",
        "as_user_id",
        "thing[name]",
        "thing[color]",
    ]
    name, color = found["parameters"][2:]
    assert (name["in"], name["required"], "required" in color) == ("query", True, False)
    assert color["schema"] == {"type": "string", "enum": ["red", "blue"]}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_what_changes_something_may_be_sent_as_json_or_as_a_form(method):
    body = described(call(NAME, COLOR, KEYS, method=method))["requestBody"]
    assert body["required"] is True
    flat, nested = body["content"][FORM]["schema"], body["content"][JSON]["schema"]
    assert flat["properties"].keys() == {"thing[name]", "thing[color]"}, "keys of many names are no field of a form"
    assert flat["required"] == ["thing[name]"]
    assert nested["properties"]["thing"]["properties"].keys() == {"name", "color"}
    assert nested["properties"]["thing"]["required"] == ["name"]
    of_each = nested["properties"]["permissions"]["additionalProperties"]
    assert of_each["properties"] == {"locked": {"description": "Locked.", "type": "boolean"}}


def test_a_call_without_required_parameters_may_be_sent_empty_and_one_without_any_has_no_body():
    assert described(call(COLOR))["requestBody"]["required"] is False
    assert "requestBody" not in described(call())


def test_a_file_is_sent_as_a_part_or_as_the_body():
    content = described(call(File("attachment", "The file.")))["requestBody"]["content"]
    assert content.keys() == {PARTS, "text/csv", "application/zip"}
    assert content["text/csv"]["schema"] == {"type": "string", "format": "binary"}


def test_a_name_that_stands_for_a_text_and_for_a_hash_is_said_to_be_either():
    takes = (TextBesideHash("pairing_code", "The code."), Text("pairing_code[code]", "The code."))
    nested = described(call(*reversed(takes)))["requestBody"]["content"][JSON]["schema"]
    either = nested["properties"]["pairing_code"]["anyOf"]
    assert [one["type"] for one in either] == ["object", "string"]


def test_only_a_public_call_needs_no_token():
    assert "security" not in described(call())
    assert described(call(public=True))["security"] == [{"token": []}, {}]


def test_a_refusal_of_the_calls_own_is_described_there_and_the_others_once_for_all():
    responses = described(call(refusals={409: "Twice."}))["responses"]
    assert responses["409"]["description"] == "Twice."
    assert responses["403"] == {"$ref": "#/components/responses/403"}
    assert responses["200"]["content"][JSON]["schema"] == LEAF


def test_an_answer_that_is_no_json_is_a_file():
    one = call(body=HttpResponse, produces="text/csv")
    assert described(one)["responses"]["200"]["content"] == {
        "text/csv": {"schema": {"type": "string", "format": "binary"}}
    }
    assert answer_in_words(one) == ("text/csv", "")
    assert answer_in_words(call(body=HttpResponse, produces="*/*")) == ("a file", "")


# In words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Leaf, ("", "Leaf")),
        (list[Leaf], ("list of ", "Leaf")),
        (dict[str, Leaf], ("for each key ", "Leaf")),
        (dict[str, list[Leaf]], ("for each key list of ", "Leaf")),
        (Leaf | None, ("null or ", "Leaf")),
        (Leaf | str | None, ("string or null or ", "Leaf")),
        (str | None, ("string or null", "")),
        (list[str], ("list of string", "")),
        (dict[str, bool], ("for each key boolean", "")),
        (Literal["a", "b"], ("a or b", "")),
        (datetime, ("time", "")),
        (Any, ("anything", "")),
    ],
)
def test_an_answer_is_told_in_words_and_by_the_name_of_its_shape(kind, words):
    assert in_words(schema_of(kind, {})) == words
    assert answer_in_words(call(body=kind)) == words


@pytest.mark.parametrize(
    ("parameter", "kind", "meaning"),
    [
        (Text("x", "The text."), "text", "The text."),
        (Text("x", "The text.", required="Enter it."), "text", "The text. Required."),
        (Id("x", "Who."), "id", "Who."),
        (Flag("x", "Whether."), "true/false", "Whether."),
        (Whole("x", "How many."), "number", "How many."),
        (Counter("x", "Which.", default=1, most=9), "number", "Which."),
        (Moment("x", "When."), "time", "When."),
        (File("x", "What."), "file", "What."),
        (Texts("x[]", "Which."), "texts", "Which."),
        (Ids("x[]", "Who."), "ids", "Who."),
        (Word("x", "How.", words=("a", "b")), "word: a, b", "How."),
        (Words("x[]", "How.", words=("a", "b")), "words: a, b", "How."),
        (NotServed("x", "Not here.", required="no", refusal="No."), "refused", "Not here."),
        (
            Includes(words={"term": "the term", "bio": "a text"}),
            "words",
            "What to add to the answer. `term`: the term; `bio`: a text.",
        ),
        (
            Includes(words={"term": "the term"}, absent=("bio", "tag"), refused={"services": "There are none."}),
            "words",
            "What to add to the answer. `term`: the term. Not added here: `bio`, `tag`."
            " `services` is answered with 400: There are none.",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Parameter) else "",
)
def test_a_parameter_is_told_by_its_type_and_meaning(parameter, kind, meaning):
    assert (type_in_words(parameter), meaning_in_words(parameter)) == (kind, meaning)


@pytest.mark.parametrize(
    ("name", "path", "is_list", "kept_as"),
    [
        ("name", ["name"], False, "name"),
        ("account[name]", ["account", "name"], False, "name"),
        ("include[]", ["include"], True, "include"),
        ("a[b][]", ["a", "b"], True, "b"),
    ],
)
def test_a_parameter_is_found_and_kept_by_its_name(name, path, is_list, kept_as):
    parameter = Text(name, "It.")
    assert (parameter.path, parameter.is_list, parameter.kept_as) == (path, is_list, kept_as)
    assert Text(name, "It.", field="other").kept_as == "other"


@pytest.mark.parametrize(
    ("parameter", "schema"),
    [
        (Id("x", ""), {"type": ["integer", "string"]}),
        (Ids("x[]", ""), {"type": "array", "items": {"type": ["integer", "string"]}}),
        (Counter("x", "", default=10, most=100), {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}),
        (Words("x[]", "", words=("a",)), {"type": "array", "items": {"type": "string", "enum": ["a"]}}),
        (Includes(words={"term": ""}), {"type": "array", "items": {"type": "string", "examples": ["term"]}}),
        (NotServed("x", ""), {"type": "string", "deprecated": True}),
        (Moment("x", ""), {"type": "string", "format": "date-time"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Parameter) else "",
)
def test_the_schema_of_a_parameter_says_what_may_stand_there(parameter, schema):
    assert parameter.schema() == schema


def test_what_may_be_given_is_told_as_a_sentence():
    assert one_of(["delete"]) == "Please give delete."
    assert one_of(["delete", "conclude", "deactivate"]) == "Please give delete, conclude or deactivate."


def test_a_bar_in_a_text_does_not_break_the_tables_of_the_document():
    text = written_into("<!-- calls -->\n<!-- end -->")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {3, 5}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("see `x` and `y`", "see <code>x</code> and <code>y</code>"),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ("", ""),
    ],
)
def test_the_page_shows_code_as_code_and_markup_as_text(text, html):
    assert with_code(text) == html
