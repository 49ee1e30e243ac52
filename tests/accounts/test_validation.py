"""What models declare about their fields and constraints becomes the refusals of every rule that saves them."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import UniqueConstraint

from accounts.domain.validation import broken_constraint, check, problems_with, refusing_what_is_taken
from accounts.errors import Invalid
from accounts.forms.users import AccountForm, PersonForm, RoleForm
from accounts.models import Account, BaseType, Role, User
from accounts.text.fields import WithComplaints
from courses.forms import CourseForm, SectionForm, TermForm
from courses.models import Course, Section, Term
from tests.factories import AccountFactory, UserFactory

LONG = "x" * 256
OURS = [model for app in ("accounts", "courses") for model in apps.get_app_config(app).get_models()]


def said(model, **values) -> dict[str, list[tuple[str, str]]]:
    errors = problems_with(model, values)
    return {field: [(kind, str(message)) for kind, message in found] for field, found in errors.items()}


def test_each_field_says_what_is_wrong_with_a_text_in_its_own_words():
    assert said(User, name="–", short_name="…", login_id="", email="nobody", pronouns=LONG) == {
        "name": [("blank", "This name has no readable characters. Enter a name with letters.")],
        "short_name": [("invalid", "This name has no readable characters.")],
        "login_id": [("invalid", "Enter a login.")],
        "email": [("invalid", str(User._meta.get_field("email").complaints["invalid"][1]))],
        "pronouns": [("invalid", "This is too long.")],
    }
    too_long = "This is too long. Use at most 255 characters."
    assert said(Account, name="", links_office=LONG) == {
        "name": [("blank", "Enter a name.")],
        "links_office": [("invalid", too_long)],
    }
    assert said(Term, name=LONG, sis_term_id=LONG) == {
        "name": [("invalid", too_long)],
        "sis_term_id": [("invalid", too_long)],
    }
    for model, sis_id in ((Course, "sis_course_id"), (Section, "sis_section_id")):
        told = [("too_long", "Use at most 255 characters.")]
        assert said(model, **{"name": LONG, sis_id: LONG}) == {"name": told, sis_id: told}


@pytest.mark.parametrize("label", ["seen\u200eunseen", LONG])
def test_a_field_says_one_thing_at_a_time(label):
    assert [kind for kind, _message in said(Role, label=label)["label"]] == ["invalid"]


@pytest.mark.parametrize("login", ["a\nb", "–", "x" * 101])
def test_what_cannot_be_typed_or_read_is_no_login(login):
    assert said(User, login_id=login)["login_id"][0][0] == "invalid"


def test_what_is_fine_is_checked_without_a_statement(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert problems_with(Account, {"name": "North", "sis_account_id": None, "links_office": ""}) == {}
        check(User, {"name": "Mia Lake", "login_id": "mia@example.org", "sis_user_id": None}, of="user")


def test_other_fields_of_the_record_are_not_looked_at():
    assert problems_with(Course, {"course_code": "BIO 7"}) == {}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"sis_user_id": "S1"}, "sis_user_id"),
        ({"integration_id": "I1"}, "integration_id"),
        ({"login_id": "MIA@example.org"}, "login_id"),
        ({"login_id": "mіa@example.org"}, "login_id"),  # noqa: RUF001 a Cyrillic letter
    ],
)
def test_what_is_taken_is_refused_at_the_field_it_is_about(db, values, field):
    UserFactory(login_id="mia@example.org", sis_user_id="S1", integration_id="I1")
    with pytest.raises(Invalid) as refusal, refusing_what_is_taken(User, of="user"):
        UserFactory(**values)
    assert [(name, found[0][0]) for name, found in refusal.value.errors.items()] == [(field, "taken")]
    assert not User.objects.exclude(login_id="mia@example.org").exists()


def test_a_rule_can_say_it_in_other_words(db):
    UserFactory(login_id="mia@example.org")
    mine = ("taken", "Confirm it is you")
    with (
        pytest.raises(Invalid, match="Confirm it is you"),
        refusing_what_is_taken(User, of="user", instead={"login_id": mine}),
    ):
        UserFactory(login_id="mia@example.org")


def test_a_constraint_of_two_fields_is_about_the_last(root):
    AccountFactory()
    Role.objects.create(account=root, label="Mentor", base_type=BaseType.TA)
    with pytest.raises(Invalid) as refusal, refusing_what_is_taken(Role, of="role"):
        Role.objects.create(account=root, label="Mentor", base_type=BaseType.TA)
    assert refusal.value.errors == {"label": [("taken", "A role with this name already exists.")]}


def test_what_breaks_any_other_constraint_is_no_complaint_about_what_was_given(root):
    with pytest.raises(IntegrityError) as error, refusing_what_is_taken(Account, of="account"):
        Account.objects.create(name="Another institution")
    assert broken_constraint(error.value) == "one_root_account"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_the_database_calls_what_is_unique_as_we_expect(db, model):
    wanted = {
        f"{model._meta.db_table}_{field.column}_key"
        for field in model._meta.concrete_fields
        if isinstance(field, WithComplaints) and field.unique
    }
    wanted |= {one.name for one in model._meta.constraints if isinstance(one, UniqueConstraint)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [model._meta.db_table])
        assert wanted <= {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    ("form", "model", "fields"),
    [
        (PersonForm, User, ["name", "short_name", "sortable_name", "pronouns", "sis_user_id"]),
        (AccountForm, Account, ["name", "links_office", "sis_account_id"]),
        (RoleForm, Role, ["label"]),
        (CourseForm, Course, ["name", "course_code", "sis_course_id"]),
        (SectionForm, Section, ["name"]),
        (TermForm, Term, ["name", "sis_term_id"]),
    ],
)
def test_forms_take_what_the_model_takes(form, model, fields):
    for name in fields:
        field = form.base_fields[name]
        assert field.max_length == model._meta.get_field(name).max_length
        assert field.empty_value == ""
