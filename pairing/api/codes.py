"""Making pairing codes."""

from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import person
from courses.api.finding import secretly
from pairing.errors import PairingIsOff
from pairing.gates import Why, why_not_for
from pairing.issuing import issue


def create(call: Call, user_id: str) -> Body:
    """POST users/:id/observer_pairing_codes"""
    student = person(call, user_id)
    why_not = why_not_for(student, by=call.user)
    with secretly(call, student, user_id):
        if why_not and why_not.why is Why.SELF_REGISTRATION_IS_OFF:
            raise PairingIsOff
        allow(why_not is None)
    code = issue(student, by=call.user)
    return {
        "user_id": student.pk,
        "code": code.text,
        "expires_at": code.expires_at,
        "workflow_state": "active",
    }
