"""Admin roles on accounts."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.api.bodies import user_body
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account, person
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Id, Text, Texts, Whole, not_served
from accounts.domain.admins import PERMISSION, admin_roles_of, admins_of, make_admin, remove_admin
from accounts.domain.roles import nearest
from accounts.errors import Invalid
from accounts.models import Account, AccountAdmin, BaseType, Role, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.fields import plain_id
from accounts.web.pagination import search_words
from courses.api import lookups
from courses.api.body_types import AdminBody
from courses.api.people import SEARCH_TERM
from courses.domain.rosters import searched

endpoint = in_group("Admins")

USER_IDS = Texts("user_id[]", "List only the roles of these people: numbers, or `self`.")
NOT_OF_LISTS = not_served(
    gettext_noop("Admin roles that were taken away are not listed."), "include_deleted", fits=("false",)
)
NO_MAIL = not_served(gettext_noop("No mail is sent about it."), "send_confirmation", fits=("false",))
USER_ID = Id("user_id", "Who gets the role.", required=gettext_lazy("Choose the person to make an admin."))
ROLE_ID = Whole("role_id", "The role, by its id.")
ROLE = Text(
    "role",
    "A built-in role's type, or a custom one's label, of which the nearest counts; by default the account admin's.",
)


@endpoint(USER_IDS, SEARCH_TERM, *NOT_OF_LISTS, *PAGING)
def index(request: ApiRequest, account_id: str) -> list[AdminBody]:
    """List the admin roles held on an account."""
    home = _home(request, account_id)
    found = admins_of(home)
    keys = account_permissions(request.user, home)
    if ids := request.params[USER_IDS]:
        found = found.filter(user__in=[request.user.pk if one == "self" else _number(one) for one in ids])
    if words := search_words(request.params[SEARCH_TERM]):
        found = found.filter(user__in=searched(User.objects.present(), words, keys).order_by().values("pk"))
    return [_body(admin, keys) for admin in page_of(request, found, is_small=True)]


@endpoint(USER_ID, ROLE_ID, ROLE, *NO_MAIL)
def create(request: ApiRequest, account_id: str) -> AdminBody:
    """Give somebody an admin role on an account."""
    home = _home(request, account_id)
    role = _role(request, home)
    user = person(request, request.params[USER_ID])
    lookups.check_belongs(request, home, user)
    with lookups.hide_existence(request, user, request.params[USER_ID]):
        made = make_admin(user, role, home, by=request.user)
    return _body(made, account_permissions(request.user, home))


@endpoint(ROLE_ID, ROLE)
def remove(request: ApiRequest, account_id: str, user_id: str) -> AdminBody:
    """Take an admin role from somebody."""
    home = _home(request, account_id)
    held = admins_of(home).filter(user=person(request, user_id), role=_role(request, home)).first()
    if held is None:
        raise Http404
    return _body(remove_admin(held, by=request.user), account_permissions(request.user, home))


def _number(text: str) -> int:
    number = plain_id(text)
    if number is None:
        raise Invalid({"user_id": [("invalid", _("Must be numbers, or self."))]})
    return number


def _home(request: ApiRequest, account_id: str) -> Account:
    home = account(request, account_id)
    allow(PERMISSION in account_permissions(request.user, home))
    return home


def _role(request: ApiRequest, home: Account) -> Role:
    """Return the role by `role_id`, or by `role`: a built-in role's type or a custom one's label, of which the nearest
    counts.
    """
    wanted, name = request.params[ROLE_ID], request.params[ROLE] or BaseType.ACCOUNT_ADMIN
    roles = list(admin_roles_of(home))
    found = nearest(roles, name) if wanted is None else next((role for role in roles if role.pk == wanted), None)
    if found is None:
        raise Invalid({"role_id": [("inclusion", _("This account has no such admin role."))]})
    return found


def _body(admin: AccountAdmin, keys: frozenset[Permission]) -> AdminBody:
    return {
        "id": admin.pk,
        "role": admin.role.name,
        "role_id": admin.role_id,
        "user": user_body(admin.user, keys),
        "workflow_state": admin.workflow_state,
    }
