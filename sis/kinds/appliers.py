"""Which function applies rows of which kind, in the order of processing."""

from sis.kinds.accounts import ACCOUNTS
from sis.kinds.admins import ADMINS
from sis.kinds.change_sis_id import CHANGE_SIS_IDS
from sis.kinds.chunks import Applier
from sis.kinds.courses import COURSES
from sis.kinds.enrollments import ENROLLMENTS
from sis.kinds.logins import LOGINS
from sis.kinds.sections import SECTIONS
from sis.kinds.terms import TERMS
from sis.kinds.user_observers import USER_OBSERVERS
from sis.kinds.users import USERS
from sis.kinds.xlists import XLISTS

APPLIERS: dict[str, Applier] = {
    applier.kind: applier
    for applier in (
        CHANGE_SIS_IDS,
        ACCOUNTS,
        TERMS,
        COURSES,
        SECTIONS,
        XLISTS,
        USERS,
        LOGINS,
        ENROLLMENTS,
        ADMINS,
        USER_OBSERVERS,
    )
}
