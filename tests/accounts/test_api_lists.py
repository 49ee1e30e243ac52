"""Lists through the API: pages, their links, and what a request can and cannot put into them."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from accounts.api.endpoints import ApiRequest, Operation
from accounts.api.pagination import FARTHEST, MOST, PAGE, PAGING, PER_PAGE, SECRET
from accounts.api.parameter_types import (
    Counter,
    Flag,
    Given,
    Moment,
    NotServed,
    Text,
    TextBesideHash,
    Texts,
    Whole,
    Word,
    Words,
)
from accounts.api.parameters import DEEPEST, LONGEST, MOST_IN_A_LIST, Parameters, nest
from accounts.errors import Invalid
from accounts.text.fields import LONGEST as LONGEST_TEXT
from tests.api import Api, ids
from tests.factories import AccountFactory, UserFactory, make_admin

LIST = "accounts/self/sub_accounts"


@pytest.fixture
def api(root) -> Api:
    """The API for an admin of an institution with five schools."""
    for name in "abcde":
        AccountFactory(name=f"School {name}")
    return Api(make_admin())


def links(answer) -> dict[str, dict[str, str]]:
    """The query of each link, by what it leads to."""
    found = {}
    for part in answer.headers["Link"].split(","):
        address, rel = part.split(";")
        found[rel.strip().removeprefix('rel="').removesuffix('"')] = dict(
            parse_qsl(urlsplit(address.strip("<>")).query)
        )
    return found


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"per_page": 2}, {"current": "1", "next": "bookmark", "first": "1", "last": "3"}),
        ({"per_page": 2, "page": 2}, {"current": "2", "next": "bookmark", "prev": "1", "first": "1", "last": "3"}),
        ({"per_page": 2, "page": 3}, {"current": "3", "prev": "2", "first": "1", "last": "3"}),
        ({"per_page": 5}, {"current": "1", "first": "1", "last": "1"}),
        ({"per_page": 2, "page": 9}, {"current": "9", "prev": "8", "first": "1", "last": "9"}),
    ],
)
def test_a_page_links_to_those_around_it_and_of_a_small_list_to_the_last(api, asked, numbers):
    found = {rel: query["page"].partition(":")[0] for rel, query in links(api.get(LIST, **asked)).items()}
    assert found == numbers


def test_a_bookmark_leads_to_the_rest_and_to_the_first_page(api):
    second = links(api.get(LIST, per_page=2))["next"]
    assert second["per_page"] == "2"
    answer = api.get(LIST, **second)
    assert [one["name"] for one in answer.json()] == ["School c", "School d"]
    around = links(answer)
    assert around.keys() == {"current", "next", "first"}
    assert around["current"] == second
    answer = api.get(LIST, **around["next"])
    assert [one["name"] for one in answer.json()] == ["School e"]
    assert links(answer).keys() == {"current", "first", "last"}


def test_a_bookmark_that_was_not_given_for_this_list_is_refused(api):
    given = links(api.get(LIST, per_page=2))["next"]["page"]
    changed = given[:-1] + ("a" if given[-1] != "a" else "b")
    for path, page, query in (
        (LIST, "bookmark:x", {}),
        (LIST, changed, {}),
        (LIST, given, {"order": "id"}),
        ("accounts", given, {}),
        ("accounts/self/users", given, {}),
    ):
        answer = api.get(path, page=page, **query)
        assert (answer.status_code, [*answer.json()["errors"]]) == (400, ["page"])


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, 10),
        ({"per_page": 100}, 100),
        ({"per_page": 101}, 100),
        ({"per_page": 0}, 10),
        ({"per_page": -3}, 10),
        ({"per_page": "x"}, 10),
        ({"per_page": ""}, 10),
        ({"per_page": "9" * 9}, 100),
        ({"per_page": "9" * 10}, 10),
        ({"per_page": "٣"}, 10),
    ],
)
def test_a_size_that_makes_no_sense_is_the_usual_one_and_a_large_one_the_largest(api, asked, size):
    assert links(api.get(LIST, **asked))["current"]["per_page"] == str(size)


@pytest.mark.parametrize("name", ["page", "per_page"])
def test_a_page_may_be_asked_for_in_a_list_of_nonsense_and_is_still_answered(api, name):
    assert len(ids(api.get(f"{LIST}?{name}[]=2&{name}[x]=3"))) == 5


def test_paging_goes_no_farther_than_the_database_should_skip(api):
    answer = api.get(LIST, page=FARTHEST * 5)
    assert links(answer)["current"]["page"] == str(FARTHEST)
    assert ids(answer) == []


def test_nothing_secret_that_a_client_put_into_an_address_comes_back_in_a_link(api):
    query = "&".join(f"{name}=hush" for name in SECRET)
    answer = api.get(f"{LIST}?search_term=school&{query}")
    assert "hush" not in answer.headers["Link"]
    assert links(answer)["first"]["search_term"] == "school"


def test_a_filter_that_is_given_several_times_is_kept_as_often(api):
    answer = api.get(f"{LIST}?x[]=1&x[]=2")
    assert answer.headers["Link"].count("x%5B%5D=1&x%5B%5D=2&page=") == 3


def test_links_lead_to_the_host_and_by_the_scheme_that_the_client_used(api, settings):
    settings.ALLOWED_HOSTS = ["school.example"]
    answer = Client(headers=api.headers).get(f"/api/v1/{LIST}", secure=True, SERVER_NAME="school.example")
    assert answer.headers["Link"].startswith(f"<https://school.example/api/v1/{LIST}?")


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/v1/users/self", "http://testserver/api/v1/users/self"),
        ("/users/sis_user_id:a b", "http://testserver/users/sis_user_id:a%20b"),
        ("/users/é<>", "http://testserver/users/%C3%A9%3C%3E"),
        ("/users/~a@b!", "http://testserver/users/~a@b!"),
    ],
)
def test_an_address_is_written_so_that_it_can_stand_in_a_header(rf, path, address):
    assert ApiRequest(rf.get("/"), Operation(lambda request: None, "Tests")).address(path) == address


def test_the_two_parameters_of_lists_are_what_canvas_has(api):
    assert [(one.name, one.default, one.most) for one in PAGING] == [("page", 1, FARTHEST), ("per_page", 10, MOST)]
    assert (PAGE, PER_PAGE) == PAGING


# Reading parameters


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        *((text, True) for text in ("true", "TRUE", "1", "on", "yes", " Yes ", True, 1)),
        *((text, False) for text in ("false", "False", "0", "off", "no", False, 0, "", "  ", None)),
    ],
)
def test_truth_is_told_in_many_ways(text, flag):
    assert Parameters({"x": text}).flag("x") is flag
    assert Parameters({"x": text}).flag("x", default=True) is (flag or text in ("", "  ", None))


@pytest.mark.parametrize("text", ["perhaps", "2", "-1", "truefalse", 2, 1.0, "y", "t"])
def test_whatever_else_is_no_truth(text):
    with pytest.raises(Invalid, match="Must be true or false"):
        Parameters({"x": text}).flag("x")


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" 12 ", 12), ("-5", -5), (0, 0), ("007", 7), (2**63 - 1, 2**63 - 1), ("", 9), (None, 9), ("  ", 9)],
)
def test_a_whole_number_fits_the_database(text, number):
    assert Parameters({"x": text}).whole("x", default=9) == number


@pytest.mark.parametrize("text", [2**63, "1.0", 1.5, "1e3", "0x1", "\u0661", "--1", "1 2", True])
def test_whatever_else_is_no_whole_number(text):
    with pytest.raises(Invalid, match="Must be a whole number"):
        Parameters({"x": text}).whole("x")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28T03:00:00Z", "2026-11-28T03:00:00+00:00"),
        ("2026-11-28T03:00:00+02:00", "2026-11-28T03:00:00+02:00"),
        ("2026-11-28 03:00", "2026-11-28T03:00:00+00:00"),
        ("2026-11-28", "2026-11-28T00:00:00+00:00"),
        (" 1900-01-01 ", "1900-01-01T00:00:00+00:00"),
        ("2200-12-31", "2200-12-31T00:00:00+00:00"),
    ],
)
def test_a_moment_without_an_offset_is_in_utc(text, moment):
    found = Parameters({"x": text}).moment("x")
    assert found is not None
    assert found.isoformat() == moment


@pytest.mark.parametrize("text", ["1899-12-31", "2201-01-01", "2026-02-30", "12:00", "28.11.2026", 1_700_000_000])
def test_whatever_else_is_no_moment(text):
    with pytest.raises(Invalid, match="Must be a time such as"):
        Parameters({"x": text}).moment("x")


@pytest.mark.parametrize("text", [None, "", "   "])
def test_no_moment_is_none(text):
    assert Parameters({"x": text}).moment("x") is None


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (["a", 1, True], ["a", "1", "true"]),
        ({"0": "a", "1": "b"}, ["a", "b"]),
        ("a", ["a"]),
        (7, ["7"]),
        ("", []),
        (None, []),
        ([], []),
        ([""], [""]),
        (["a"] * MOST_IN_A_LIST, ["a"] * MOST_IN_A_LIST),
    ],
)
def test_a_list_comes_as_a_list_as_a_hash_or_alone(value, texts):
    assert Parameters({"x": value}).texts("x") == texts


@pytest.mark.parametrize("value", [["a"] * (MOST_IN_A_LIST + 1), [{"a": "b"}], [None], [["a"]], "x" * (LONGEST + 1)])
def test_whatever_else_is_no_list_of_texts(value):
    with pytest.raises(Invalid):
        Parameters({"x": value}).texts("x")


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (" a ", " a "), (1, "1"), (1.5, "1.5"), (True, "true"), (False, "false")]
)
def test_a_value_of_json_is_read_as_its_text(value, text):
    assert Parameters({"x": value}).text("x") == text
    assert Parameters({"x": "x" * LONGEST}).text("x")


def test_a_complaint_names_where_the_value_stood():
    with pytest.raises(Invalid) as refusal:
        Parameters({"a": {"b": {"c": []}}}).under("a").under("b").text("c")
    assert refusal.value.errors == {"a.b.c": [("invalid", "Must be a single string.")]}


def test_a_hash_is_told_from_everything_else():
    bag = Parameters({"hash": {"a": 1}, "text": "x", "list": [1], "null": None})
    assert [bag.is_hash(key) for key in ("hash", "text", "list", "null", "absent")] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert [key in bag for key in ("hash", "text", "list", "null", "absent")] == [True, True, True, False, False]
    assert list(bag) == ["hash", "text", "list", "null"]
    assert "a" not in bag.under("list")


def test_only_an_upload_is_a_file():
    assert Parameters({"x": "text"}).file("x") is None
    assert Parameters({}).file("x") is None


@pytest.mark.parametrize(
    ("sent", "nested"),
    [
        ([("a[b][c][]", "1"), ("a[b][c][]", "2")], {"a": {"b": {"c": ["1", "2"]}}}),
        ([("a[][b][c]", "1"), ("a[][b][d]", "2")], {"a": [{"b": {"c": "1", "d": "2"}}]}),
        ([("a[][b]", "1"), ("a[]", "x"), ("a[][b]", "2")], {"a": [{"b": "1"}, "x", {"b": "2"}]}),
        ([("a[][]", "1")], {"a": [{"": ["1"]}]}),
        ([("a[b]c", "1")], {"a": {"b": "1"}}),
        ([("a]b", "1")], {"a]b": "1"}),
        ([("a" + "[b]" * (DEEPEST - 1), "1")], {"a": None}),
    ],
)
def test_odd_brackets_nest_somehow_and_are_no_fault(sent, nested):
    found = nest(sent)
    assert found.keys() == nested.keys()
    if nested != {"a": None} and sent[0][0] != "a[][]":
        assert found == nested


# Parameters as they are declared

WORD = Word("word", "", words=("All", "none"), aliases={"true": "All"})
STRICT = Word("word", "", words=("All", "none"), may_be_empty=False)


@pytest.mark.parametrize(
    ("sent", "word"), [("all", "All"), (" ALL ", "All"), ("none", "none"), (True, "All"), ("", ""), (None, "")]
)
def test_a_word_is_read_in_any_case_and_given_back_as_it_is_declared(sent, word):
    assert Given(Parameters({"word": sent}), [WORD])[WORD] == word


def test_a_word_that_may_not_be_empty_may_still_be_left_out():
    assert Given(Parameters({}), [STRICT])[STRICT] == ""
    for sent in ("", " ", "some"):
        with pytest.raises(Invalid, match="Please give All or none"):
            Given(Parameters({"word": sent}), [STRICT])


def test_words_that_match_nothing_are_refused():
    words = Words("x[]", "", words=("a", "b"))
    assert Given(Parameters({"x": ["a", "", "b"]}), [words])[words] == ["a", "b"]
    with pytest.raises(Invalid, match="Please give a or b"):
        Given(Parameters({"x": ["a", "z"]}), [words])


@pytest.mark.parametrize(
    ("bag", "is_there", "text"), [({"x": "a"}, True, "a"), ({"x": {"y": 1}}, False, ""), ({}, False, "")]
)
def test_a_text_that_stands_beside_a_hash_of_its_name_is_there_only_as_a_text(bag, is_there, text):
    parameter = TextBesideHash("x", "")
    given = Given(Parameters(bag), [parameter])
    assert (parameter in given, given[parameter]) == (is_there, text)


def test_a_parameter_that_is_not_served_is_refused_and_null_counts_as_not_sent():
    parameter = NotServed("x", "", refusal="Not here.")
    assert Given(Parameters({"x": None}), [parameter])[parameter] is None
    for sent in ("", "a", [], {}):
        with pytest.raises(Invalid, match="Not here"):
            Given(Parameters({"x": sent}), [parameter])


def test_what_was_sent_is_given_and_what_was_not_is_none():
    text, number = Text("a", ""), Whole("b", "", field="amount")
    given = Given(Parameters({"a": ""}), [text, number])
    assert (given.sent(text), given.sent(number)) == ("", None)
    assert given.values(text, number) == {"a": "", "amount": None}
    assert given.fields(text, number) == {"a": ""}
    assert list(given) == [text, number]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (Text("x", ""), ""),
        (Flag("x", ""), False),
        (Whole("x", ""), None),
        (Moment("x", ""), None),
        (Texts("x[]", ""), []),
        (Counter("x", "", default=3, most=9), 3),
        (Word("x", "", words=("a",)), ""),
        (Words("x[]", "", words=("a",)), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_parameter_that_was_not_sent_has_what_stands_for_none(parameter, value):
    given = Given(Parameters({}), [parameter])
    assert given[parameter] == value
    assert parameter not in given


def test_a_name_longer_than_any_is_refused_by_its_field_and_not_by_the_database(api):
    answer = api.post(LIST, account={"name": "x" * (LONGEST_TEXT + 1)})
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {"account.name"}


def test_a_list_of_people_with_the_same_name_is_paged_without_gaps_or_doubles(root):
    people = UserFactory.create_batch(6, name="Ana Ito", sortable_name="Ito, Ana")
    api = Api(make_admin(name="Zoe Zorn"))
    pages = [ids(api.get("accounts/self/users", per_page=2, page=page)) for page in (1, 2, 3)]
    assert [pk for page in pages for pk in page] == [person.pk for person in people]
