"""Delete people's accounts."""

from django.http import Http404

from accounts.api.bodies import user_body
from accounts.api.body_types import UserBody
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import account, person
from courses.access.accounts import check_may_change
from courses.access.profiles import known_about
from courses.api.lookups import hide_existence
from courses.domain.rosters import findable
from pairing.domain.account_deletion import delete_user


@in_group("People")()
def remove(request: ApiRequest, account_id: str, user_id: str) -> UserBody:
    """Delete a person's account with all that follows: links, codes, enrollments and tokens."""
    home, user = account(request, account_id), person(request, user_id)
    with hide_existence(request, user, user_id):
        check_may_change(user, by=request.user)
    if not findable(home, by=request.user).filter(pk=user.pk).exists():
        raise Http404
    body = user_body(user, known_about(user, by=request.user) or frozenset())
    delete_user(user, by=request.user)
    return body
