"""What every page says about the site, and about what went wrong on it."""

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, AccountAdmin, BaseType, Role, User
from accounts.permissions.resolver import administered
from accounts.templatetags.frame import Problem, problems
from accounts.web.site import site, site_of
from tests.api import Api
from tests.database import statements
from tests.factories import AccountFactory, EnrollmentFactory, UserFactory, make_admin


def visit(reader: User | None):
    request = RequestFactory().get("/")
    request.user = reader or AnonymousUser()
    return request


# The site


def test_before_set_up_there_is_no_institution_and_the_time_is_utc(db):
    found = site_of(visit(None))
    assert (found.root, found.administered, found.zone) == (None, [], "UTC")
    assert site_of(visit(UserFactory())).root is None


def test_a_visitor_reads_of_the_institution_in_its_time_zone(root):
    Account.objects.update(default_time_zone="Asia/Tokyo")
    found = site_of(visit(None))
    assert (found.root, found.administered, found.zone) == (root, [], "Asia/Tokyo")


def test_the_accounts_of_an_admin_are_the_active_ones_where_they_have_a_role_the_highest_first(root):
    zoo, abel = AccountFactory(name="Zoo"), AccountFactory(name="Abel")
    below = AccountFactory(name="Aaa", parent=zoo)
    gone = AccountFactory(name="Gone", workflow_state="deleted")
    admin = make_admin(below)
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    for account in (zoo, abel, gone, root):
        AccountAdmin.objects.create(user=admin, account=account, role=role)
    left = AccountAdmin.objects.create(user=admin, account=AccountFactory(), role=role, workflow_state="deleted")
    found = site_of(visit(admin))
    assert found.administered == [root, abel, zoo, below]
    assert left.account not in found.administered
    assert administered(admin) == found.administered
    assert [body["id"] for body in Api(admin).get("accounts").json()] == [account.pk for account in found.administered]


def test_an_account_stands_before_those_that_are_lower_in_the_tree_wherever_they_are(root):
    deep = AccountFactory(parent=AccountFactory(parent=AccountFactory()))
    high = AccountFactory(parent=AccountFactory())
    admin = make_admin(deep)
    AccountAdmin.objects.create(user=admin, account=high, role=Role.objects.built_in(BaseType.ACCOUNT_ADMIN))
    assert site_of(visit(admin)).administered == administered(admin) == [high, deep]


def test_an_account_in_which_one_has_two_roles_is_named_once(root):
    admin = make_admin()
    for label in ("Helper", "Auditor"):
        role = Role.objects.create(account=root, base_type=BaseType.ACCOUNT_MEMBERSHIP, label=label)
        AccountAdmin.objects.create(user=admin, account=root, role=role)
    assert site_of(visit(admin)).administered == administered(admin) == [root]


def test_a_reader_without_a_zone_reads_in_that_of_their_school_and_one_with_a_zone_needs_no_look(root):
    AccountFactory(default_time_zone="Asia/Seoul")
    school = AccountFactory(default_time_zone="Asia/Tokyo")
    student = EnrollmentFactory(section__course__account=school).user
    assert site_of(visit(student)).zone == "Asia/Tokyo"
    student.time_zone = "Europe/Paris"
    assert site_of(visit(student)).zone == "UTC", "theirs is known without the site"


def test_the_site_is_looked_up_once_with_one_statement_and_again_for_another_reader(root):
    admin, school = make_admin(), AccountFactory()
    request = visit(admin)
    assert statements(lambda: site_of(request)) == 1
    assert statements(lambda: site_of(request)) == 0
    request.user = make_admin(school)
    assert site_of(request).administered == [school]
    request.user = AnonymousUser()
    assert site_of(request).administered == []


def test_a_page_that_says_nothing_of_the_site_costs_no_statement(root, settings):
    request = visit(make_admin())
    context = site(request)
    assert statements(lambda: Template("x").render(Context(context))) == 0
    assert context["root"] == root
    assert context["administered"] == [root]
    settings.DEMO = True
    assert site(request)["is_demo"] is True


# What went wrong


class Form(forms.Form):
    name = forms.CharField(label="Full name:", error_messages={"required": "Enter a name."})
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput, error_messages={"required": "Something was lost."})

    def clean(self) -> None:
        raise forms.ValidationError("All of it is odd.")


def of_page(method: str = "POST", **values) -> list[Problem]:
    request = getattr(RequestFactory(), method.lower())("/")
    return problems(Context({"request": request, **values}))


def test_each_problem_leads_to_its_field_and_what_has_no_field_leads_nowhere():
    assert of_page(form=Form({})) == [
        Problem("All of it is odd."),
        Problem("Full name: Enter a name.", "id_name"),
        Problem("Kind: This field is required.", "id_kind_0"),
        Problem("Something was lost."),
    ]


def test_a_form_that_was_not_sent_has_no_problems():
    assert of_page(form=Form()) == []


def test_every_form_of_the_page_counts_and_each_once_however_often_it_is_there():
    one, other = Form({"name": "x", "kind": "a", "secret": "y"}), Form({"kind": "a", "secret": "y"}, auto_id="o_%s")
    assert of_page(form=one, same=one, other=other) == [
        Problem("All of it is odd."),
        Problem("Full name: Enter a name.", "o_name"),
    ]


def test_a_refusal_counts_after_a_form_was_sent_and_not_when_the_page_is_opened():
    for said in (NotAllowed("No."), Invalid({"x": [("invalid", "No.")]}), "No."):
        assert of_page(refusal=said) == of_page(error=said) == [Problem("No.")]
        assert of_page("GET", refusal=said) == []
    assert of_page(refusal=None, error="") == []


def test_looking_for_problems_evaluates_nothing_that_is_lazy():
    assert of_page(lazy=SimpleLazyObject(lambda: pytest.fail("it was evaluated"))) == []


def test_the_title_of_a_page_begins_with_what_is_wrong():
    page = Template("{% load frame %}{% error_prefix %}Edit")
    assert page.render(Context({"form": Form({})})) == "Error: Edit"
    assert page.render(Context({"form": Form()})) == "Edit"


def test_the_summary_shows_names_of_fields_and_messages_as_text():
    form = Form({"name": "x", "kind": "<b>", "secret": "y"})
    html = Template("{% load frame %}{% error_summary %}").render(Context({"form": form}))
    assert 'href="#id_kind_0"' in html
    assert "<b>" not in html
    assert "&lt;b&gt; is not one of the available choices" in html
