"""One small example of each kind of file, as the page of roster imports shows them; docs/sis-import.md has the same."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sis.report.presenters import LABELS


class Example(NamedTuple):
    """What the file is for, and what it looks like."""

    label: str | Promise
    text: str


EXAMPLES = (
    Example(
        LABELS["users"],
        "user_id,login_id,first_name,last_name,email,status\n"
        "S1001,kim.lee@example.org,Kim,Lee,kim.lee@example.org,active\n"
        "P2001,robin.lee@example.org,Robin,Lee,robin.lee@example.org,active",
    ),
    Example(_("Observer links"), "observer_id,student_id,status\nP2001,S1001,active"),
    Example(LABELS["accounts"], "account_id,parent_account_id,name,status\nHS,,Lakeside High School,active"),
    Example(LABELS["terms"], "term_id,name,status,start_date,end_date\nF26,Autumn 2026,active,2026-08-15,2026-12-18"),
    Example(
        LABELS["courses"],
        "course_id,short_name,long_name,account_id,term_id,status\nBIO1-F26,BIO1,Biology I,HS,F26,published",
    ),
    Example(LABELS["sections"], "section_id,course_id,name,status\nBIO1-F26-A,BIO1-F26,Biology I – A,active"),
    Example(LABELS["enrollments"], "section_id,user_id,role,status\nBIO1-F26-A,S1001,student,active"),
    Example(LABELS["xlists"], "xlist_course_id,section_id,status\nSCI-F26,BIO1-F26-A,active"),
    Example(LABELS["admins"], "user_id,account_id,role,status\nT3001,HS,AccountAdmin,active"),
    Example(LABELS["change_sis_ids"], "old_id,new_id,type\nS1001,2026-1001,user"),
    Example(LABELS["logins"], "user_id,login_id,existing_user_id\nS1001-2,kim2@example.org,S1001"),
)
ONE_ROSTER = "propertyName,value\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk"
SCHOOL_DATA_SYNC = "userSourcedId,relationshipUserSourcedId,relationshipRole\n114001,114002,guardian"
