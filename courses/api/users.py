"""People: oneself, and others as far as one may read them."""

from accounts.api.bodies import Body, own_body, profile_body, user_body
from accounts.api.endpoints import Call
from accounts.api.finding import person
from accounts.errors import NotAllowed
from accounts.models import User
from courses.knowing import known_about


def show(call: Call, user_id: str) -> Body:
    """GET users/:id"""
    user, keys = _readable(call, user_id)
    return own_body(user, keys) if user == call.user else user_body(user, keys, call.include)


def profile(call: Call, user_id: str) -> Body:
    """GET users/:id/profile"""
    return profile_body(*_readable(call, user_id))


def _readable(call: Call, user_id: str) -> tuple[User, frozenset[str]]:
    user = person(call, user_id)
    keys = known_about(user, by=call.user)
    if keys is None:
        raise NotAllowed
    return user, keys
