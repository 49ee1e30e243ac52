"""The tables of the accounts app."""

from accounts.models.account import Account, CodeScope, SelfRegistration
from accounts.models.attempts import FailedTry, SentForm
from accounts.models.audit import Action, AuditEvent, EventCursor
from accounts.models.color import Color
from accounts.models.observation_link import ObservationLink
from accounts.models.role import COURSE_BASE_TYPES, AccountAdmin, BaseType, Role, RoleOverride
from accounts.models.user import AccessToken, FurtherSisId, User

__all__ = [
    "COURSE_BASE_TYPES",
    "AccessToken",
    "Account",
    "AccountAdmin",
    "Action",
    "AuditEvent",
    "BaseType",
    "CodeScope",
    "Color",
    "EventCursor",
    "FailedTry",
    "FurtherSisId",
    "ObservationLink",
    "Role",
    "RoleOverride",
    "SelfRegistration",
    "SentForm",
    "User",
]
