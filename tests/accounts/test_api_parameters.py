"""One bag of parameters, however they were sent."""

import json
from datetime import UTC, datetime

import pytest
from rest_framework.exceptions import ParseError

from accounts.api.parameters import DEEPEST, Parameters, nest
from accounts.errors import Invalid
from accounts.models import Account
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


# Query and body together, by the example of making an account


def created(api, query: str, body: bytes | str = b"", content_type: str = "application/json") -> Account:
    answer = api.raw("POST", f"accounts/self/sub_accounts?{query}", body, content_type)
    assert answer.status_code == 200, answer.content
    return Account.objects.get(pk=answer.json()["id"])


QUERY = "account[name]=Query&account[sis_account_id]=Q"


@pytest.mark.parametrize(
    ("body", "content_type", "name"),
    [
        (b"account[name]=Body", FORM, "Body"),
        (b"account[name]=Body", f"{FORM}; charset=utf-8", "Body"),
        ('{"account": {"name": "Body"}}', "application/json", "Body"),
        ('{"account": {"name": "Body"}}', "Application/JSON; charset=utf-8", "Body"),
        ('{"account": {"name": null}}', "application/json", None),
        ('{"other": 1}', "application/json", "Query"),
        (b"account[name]=Body", "text/plain", "Query"),
        (b"account[name]=Body", "text/csv", "Query"),
        (b"", "", "Query"),
    ],
)
def test_the_body_counts_before_the_query_and_each_adds_what_the_other_lacks(root, body, content_type, name):
    api = Api(make_admin())
    if name is None:
        answer = api.raw("POST", f"accounts/self/sub_accounts?{QUERY}", body, content_type)
        assert answer.json()["errors"].keys() == {"account.name"}, "null in the body takes away what the query says"
        return
    made = created(api, QUERY, body, content_type)
    assert (made.name, made.sis_account_id) == (name, "Q")


def test_a_text_where_a_hash_is_expected_is_not_merged_with_one(root):
    made = created(Api(make_admin()), "account=nonsense", '{"account": {"name": "Body"}}')
    assert made.name == "Body"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "JSON parse error"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"a": ' * 50_000, "nested too deeply"),
        (b"\xff", "JSON parse error"),
    ],
    ids=["cut off", "deep lists", "deep hashes", "no UTF-8"],
)
def test_unreadable_json_is_refused_with_what_is_wrong_with_it(root, body, says):
    answer = Api(make_admin()).raw("POST", "accounts/self/sub_accounts", body)
    assert answer.status_code == 400
    assert says in answer.json()["errors"][0]["message"]


def test_parameters_are_nested_only_so_deep(root):
    answer = Api(make_admin()).get("accounts", **{"a" + "[b]" * DEEPEST: "1"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "parameters nested too deeply"
