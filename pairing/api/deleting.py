"""Deleting people's accounts."""

from django.http import Http404

from accounts.api.bodies import user_body
from accounts.api.endpoints import Body, Call
from accounts.api.finding import account, person
from courses.api.finding import secretly
from courses.knowing import known_about
from courses.people import findable
from courses.reaching import check_may_change
from pairing.deleting import delete_user


def remove(call: Call, account_id: str, user_id: str) -> Body:
    """DELETE accounts/:id/users/:id"""
    home, user = account(call, account_id), person(call, user_id)
    with secretly(call, user, user_id):
        check_may_change(user, by=call.user)
    if not findable(home, by=call.user).filter(pk=user.pk).exists():
        raise Http404
    body = user_body(user, known_about(user, by=call.user) or frozenset())
    delete_user(user, by=call.user)
    return body
