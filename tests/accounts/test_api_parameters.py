"""One bag of parameters, however they were sent."""

import json
from datetime import UTC, datetime

import pytest
from rest_framework.exceptions import ParseError

from accounts.api.parameters import Parameters, nest
from accounts.errors import Invalid
from tests.api import FORM, Api
from tests.factories import UserFactory, make_admin


@pytest.mark.parametrize(
    ("sent", "nested"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2")], {"a": "2"}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a[b][c]", "1")], {"a": {"b": {"c": "1"}}}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[b][]", "1"), ("a[b][]", "2")], {"a": {"b": ["1", "2"]}}),
        ([("a[][b]", "1"), ("a[][c]", "2"), ("a[][b]", "3")], {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ([("a", "1"), ("a[b]", "2")], {"a": {"b": "2"}}),
        ([("a[b]", "2"), ("a", "1")], {"a": "1"}),
        ([("a[]", "2"), ("a[b]", "1")], {"a": {"b": "1"}}),
        ([("a[b", "1")], {"a": "1"}),
        ([("", "1"), ("[]", "2")], {"": ["2"]}),
    ],
)
def test_parameters_in_brackets_nest_as_in_rails(sent, nested):
    assert nest(sent) == nested


def test_brackets_without_end_are_refused():
    with pytest.raises(ParseError):
        nest([("a" + "[b]" * 500, "1")])


def test_parameters_are_read_by_type():
    given = Parameters(
        {
            "yes": "true",
            "one": 1,
            "no": False,
            "off": "0",
            "number": "12",
            "list": ["a", 2],
            "alone": "a",
            "indexed": {"0": "a", "1": "b"},
            "hash": {"x": "y"},
            "when": "2026-11-28T03:00:00Z",
            "day": "2026-11-28",
            "null": None,
        }
    )
    assert [given.flag(key) for key in ("yes", "one", "no", "off", "absent")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert given.whole("number") == 12
    assert given.whole("absent") is None
    assert given.texts("list") == ["a", "2"]
    assert given.texts("alone") == ["a"]
    assert given.texts("indexed") == ["a", "b"]
    assert given.texts("absent") == []
    assert given.under("hash").text("x") == "y"
    assert given.under("alone").text("x") == ""
    assert given.moment("when") == datetime(2026, 11, 28, 3, tzinfo=UTC)
    assert given.moment("day") == datetime(2026, 11, 28, tzinfo=UTC)
    assert "null" not in given
    assert given.text("null", "default") == "default"


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", {"a": "b"}),
        ("text", ["a"]),
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("text", "x" * 100_001),
        ("flag", "perhaps"),
        ("whole", "1.5"),
        ("whole", "9" * 19),
        ("whole", "9" * 5000),
        ("texts", [["a"]]),
        ("texts", ["a"] * 1001),
        ("moment", "tomorrow"),
        ("moment", "2026-13-45"),
        ("moment", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_cannot_be_that_type_is_refused_by_name(reader, value):
    with pytest.raises(Invalid) as refusal:
        getattr(Parameters({"it": {"key": value}}).under("it"), reader)("key")
    assert list(refusal.value.errors) == ["it.key"]


# Over HTTP, by the example of making a course.


def make(api, body, content_type, query=""):
    return api.raw("POST", f"accounts/self/courses{query}", body, content_type)


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="course[name]"\r\n\r\nBiology 7\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nabc\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("body", "content_type", "query"),
    [
        (b"course%5Bname%5D=Biology+7", FORM, ""),
        (b"", "", "?course%5Bname%5D=Biology+7&no_verifiers=1"),
        (json.dumps({"course": {"name": "Biology 7"}, "unknown": [1]}), "application/json", ""),
        (json.dumps({"course": {"name": "Biology 7"}}), "application/json", "?course[name]=X&course[x]=1"),
        (MULTIPART, "multipart/form-data; boundary=x", ""),
    ],
)
def test_a_parameter_may_come_in_any_way(root, body, content_type, query):
    answer = make(Api(make_admin()), body, content_type, query)
    assert answer.status_code == 200
    assert answer.json()["name"] == "Biology 7"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"course": ', "application/json"),
        (b'{"course": {"name": "a\\u0000b"}}', "application/json"),
        (b'{"course": {"name": "\\ud800"}}', "application/json"),
        (b'{"course": {"name": {"deep": 1}}}', "application/json"),
        (b'{"course": {"name": "x", "start_at": [1]}}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"course[name]=%00", FORM),
        (b"course[name]=" + b"x" * 300, FORM),
        (b"a&" * 2000, FORM),
        (b"nonsense", "multipart/form-data"),
        (b"x" * 3_000_000, FORM),
    ],
)
def test_what_cannot_be_read_is_the_clients_fault_and_never_ours(root, body, content_type):
    answer = make(Api(make_admin()), body, content_type)
    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("body", [b"[1, 2]", b'"text"', b"null", b"7", b"{}", b""])
def test_json_that_is_no_object_counts_as_nothing_given(root, body):
    answer = make(Api(make_admin()), body, "application/json")
    assert answer.status_code == 200


def test_a_delete_request_reads_parameters_from_its_body(root):
    answer = Api(UserFactory()).delete("courses/1/enrollments/1", task="conclude")
    assert answer.status_code == 404
