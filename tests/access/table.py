"""Who gets in where. A row names everybody who does; the others are refused, or told there is no such thing.

`nobody` has not signed in, `acting` is the admin acting as the student, `powerless` holds an admin role without any
permission, `course_observer` observes the student in one course only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

HERE = "student classmate teacher ta designer observer course_observer sub_admin"
THERE = "outsider teacher_elsewhere other_observer sub_admin_elsewhere"
SIGNED_IN = f"{HERE} {THERE} admin powerless acting"
EVERYBODY = f"nobody {SIGNED_IN}".split()
ADMINS = "admin sub_admin"
TEACHERS = f"teacher ta {ADMINS}"
STAFF = f"{TEACHERS} designer"
SECTION_MAKERS = f"teacher designer {ADMINS}"
STUDENT = "student acting"
OBSERVERS = "observer course_observer"
FAMILY = f"{STUDENT} observer course_observer"
IN_COURSE = f"{STAFF} {FAMILY} classmate"


@dataclass(frozen=True)
class Row:
    """`who` gets in; `hidden` are told there is nothing (404), the rest of those signed in are refused (403).

    `of_oneself`: what is behind it depends on who asks, not on an id. `anybody`: open whatever the ids. `loose` are
    ids that need not belong together with the others.
    """

    method: str
    path: str
    who: frozenset[str]
    hidden: frozenset[str] = frozenset()
    body: Mapping[str, str] = field(default_factory=dict, hash=False)
    loose: frozenset[str] = frozenset()
    of_oneself: bool = False
    anybody: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" {dict(self.body)}" if self.body else "")

    @property
    def ids(self) -> frozenset[str]:
        """The names of the ids in path and body."""
        return frozenset(re.findall(r"\{(\w+)\}", " ".join([self.path, *map(str, self.body.values())])))


def row(
    method: str,
    path: str,
    who: str,
    *,
    hidden: str = "",
    loose: str = "",
    of_oneself: bool = False,
    anybody: bool = False,
    body: Mapping[str, str] | None = None,
) -> Row:
    return Row(method, path, names(who), names(hidden), body or {}, names(loose), of_oneself, anybody)


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def but(everybody: str, some: str) -> str:
    return " ".join(names(everybody) - names(some))


OUTSIDE_COURSE = but(SIGNED_IN, IN_COURSE)

PAGES = [
    row("GET", "/", SIGNED_IN, of_oneself=True),
    row("GET", "/terms", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/doc/api", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/time_zones", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/observing/guide", SIGNED_IN, of_oneself=True),
    row("GET", "/register", f"nobody {SIGNED_IN}", of_oneself=True),
    row("POST", "/register", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/register/confirm", f"nobody {SIGNED_IN}", of_oneself=True),
    row("POST", "/register/confirm", f"nobody {SIGNED_IN}", of_oneself=True),
    row("POST", "/logout", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/profile/settings", SIGNED_IN, of_oneself=True),
    row("POST", "/profile/settings", SIGNED_IN, of_oneself=True, body={"time_zone": "Europe/Berlin"}),
    row("GET", "/alerts", SIGNED_IN, of_oneself=True),
    row("POST", "/alerts", SIGNED_IN, of_oneself=True, body={"state": "read"}),
    row("GET", "/profile/observees", SIGNED_IN, of_oneself=True),
    row(
        "POST", "/profile/observees", but(SIGNED_IN, "acting"), of_oneself=True, body={"code": "abcdef", "step": "pair"}
    ),
    row("GET", "/profile/observees/confirm", SIGNED_IN, of_oneself=True),
    row("GET", "/profile/observees/{student}/thresholds", OBSERVERS, hidden=but(SIGNED_IN, OBSERVERS)),
    row(
        "POST",
        "/profile/observees/{student}/thresholds",
        OBSERVERS,
        hidden=but(SIGNED_IN, OBSERVERS),
        body={"alert_type": "assignment_missing", "turn": "on"},
    ),
    row("GET", "/profile/observees/{student}/leave", "course_observer", hidden=but(SIGNED_IN, "course_observer")),
    row("POST", "/profile/observees/{student}/leave", "course_observer", hidden=but(SIGNED_IN, "course_observer")),
    row("GET", "/profile/observees/{student}/remove", "observer", hidden=but(SIGNED_IN, "observer")),
    row("POST", "/profile/observees/{student}/remove", "observer", hidden=but(SIGNED_IN, "observer")),
    row("GET", "/profile/observer_pairing_codes/{code}/revoke", STUDENT, hidden=but(SIGNED_IN, STUDENT)),
    row("POST", "/profile/observer_pairing_codes/{code}/revoke", STUDENT, hidden=but(SIGNED_IN, STUDENT)),
    row(
        "POST",
        "/observing/select",
        "observer course_observer",
        hidden=but(SIGNED_IN, "observer course_observer"),
        body={"student": "{student}"},
    ),
    row("GET", "/users/{student}/masquerade", "admin"),
    row("POST", "/users/{student}/masquerade", "admin"),
    row("POST", "/masquerade/stop", SIGNED_IN, of_oneself=True),
    # Pairing
    row("GET", "/users/{student}/observer_pairing_codes", SIGNED_IN, of_oneself=True),
    row("POST", "/profile/observers/{observer}/report", STUDENT, hidden=but(SIGNED_IN, STUDENT)),
    row("GET", "/accounts/{account}/observer_reports", "admin"),
    row("POST", "/accounts/{account}/observer_reports/{report}/settle", "admin"),
    row("POST", "/users/{student}/observer_pairing_codes", f"{STUDENT} {ADMINS}"),
    row("POST", "/users/{student}/observer_pairing_codes", f"{STUDENT} {ADMINS}", body={"course": "{course}"}),
    row("GET", "/courses/{course}/observer_pairing_codes", ADMINS),
    row("POST", "/courses/{course}/observer_pairing_codes.csv", ADMINS),
    # A course
    row("GET", "/courses/{course}", IN_COURSE, hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/announcements", IN_COURSE, hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/assignments", IN_COURSE, hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/assignments/syllabus", IN_COURSE, hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/assignments/{assignment}", IN_COURSE, hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/grades", f"{FAMILY} classmate", hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/users", STAFF, hidden=OUTSIDE_COURSE),
    row("GET", "/courses/{course}/users/{student}", STAFF, hidden=OUTSIDE_COURSE),
    row(
        "GET",
        "/courses/{course}/grades?student={student}",
        f"{FAMILY} {TEACHERS}",
        hidden=f"{OUTSIDE_COURSE} classmate designer",
    ),
    row(
        "GET",
        "/courses/{course}/grades/{student}",
        f"{FAMILY} {TEACHERS}",
        hidden=f"{OUTSIDE_COURSE} classmate designer",
    ),
    row("GET", "/courses/{course}/users/add", STAFF, hidden=OUTSIDE_COURSE),
    row(
        "POST",
        "/courses/{course}/users/add",
        STAFF,
        hidden=OUTSIDE_COURSE,
        body={"people": "a", "kind": "login", "role": "{student_role}", "section": "{section}", "step": "add"},
    ),
    *[
        row(
            method,
            f"/courses/{{course}}/users/{{{whom}}}/{what}",
            who,
            hidden=OUTSIDE_COURSE,
            body=body if method == "POST" else None,
        )
        for what, whom, who, body in (
            ("sections", "student", STAFF, {"section": "{section}"}),
            ("role", "student", TEACHERS, {"new_role": "{role}"}),
            ("conclude", "student", STAFF, {}),
            ("deactivate", "student", STAFF, {}),
            ("remove", "student", STAFF, {}),
            ("reactivate", "idle", STAFF, {}),
            ("remove", "teacher", f"{ADMINS}", {}),
            ("link_students", "course_observer", TEACHERS, {"students": "{classmate}"}),
            ("link_students/{student}/remove", "course_observer", TEACHERS, {}),
        )
        for method in ("GET", "POST")
    ],
    row("GET", "/courses/{course}/sections", STAFF, hidden=OUTSIDE_COURSE),
    row("POST", "/courses/{course}/sections", SECTION_MAKERS, hidden=OUTSIDE_COURSE, body={"name": "C"}),
    *[
        row(method, f"/courses/{{course}}/sections/{{spare}}/{what}", SECTION_MAKERS, hidden=OUTSIDE_COURSE, body=body)
        for what, body in (("edit", {"name": "C"}), ("delete", {}))
        for method in ("GET", "POST")
    ],
    row("GET", "/invitations/{invitation}", "", hidden=SIGNED_IN),
    row("POST", "/invitations/{invitation}", "", hidden=SIGNED_IN, body={"answer": "accept"}),
    # Accounts
    row("GET", "/accounts/{account}", ADMINS),
    row("GET", "/accounts/{account}/users", ADMINS),
    row("GET", "/accounts/{account}/courses", ADMINS),
    row("GET", "/accounts/{account}/users/{student}", ADMINS),
    row("GET", "/accounts/{account}/users/{student}/observer_links/{link}/remove", "admin"),
    row("POST", "/accounts/{account}/users/{student}/observer_links/{link}/remove", "admin"),
    row("GET", "/accounts/{root}/users/{student}", "admin", loose="student"),
    row("GET", "/accounts/{root}/authentication_providers", "admin"),
    row("POST", "/accounts/{root}/authentication_providers", "admin", body={"self_registration": "none"}),
    row("GET", "/accounts/{account}/authentication_providers", "", hidden=SIGNED_IN),
    row("GET", "/accounts/{account}/permissions", ADMINS),
    row("GET", "/accounts/{root}/permissions", "admin"),
    row("GET", "/accounts/{account}/permissions/{permission}", ADMINS, loose="account"),
    row("GET", "/accounts/{account}/permissions/{role}/{permission}", ADMINS),
    row(
        "POST",
        "/accounts/{account}/permissions/{role}/{permission}",
        ADMINS,
        body={"enabled": "off", "applies_to_self": "1"},
    ),
    row("POST", "/accounts/{root}/permissions/{teacher_role}/{permission}", "admin", body={"enabled": "on"}),
    row("GET", "/accounts/{account}/roles/new", ADMINS),
    row("POST", "/accounts/{account}/roles/new", ADMINS, body={"label": "Aide", "base_role_type": "TaEnrollment"}),
    row("GET", "/accounts/{account}/roles/{role}", ADMINS),
    row("POST", "/accounts/{account}/roles/{role}", ADMINS, body={"label": "Aide"}),
    row("GET", "/accounts/{account}/roles/{role}/deactivate", ADMINS),
    row("POST", "/accounts/{account}/roles/{role}/deactivate", ADMINS),
    row("POST", "/accounts/{account}/roles/{role}/activate", ADMINS),
    row("GET", "/accounts/{account}/users/new", ADMINS),
    row("POST", "/accounts/{account}/users/new", ADMINS, body={"name": "Ana", "login_id": "ana"}),
    *[
        row(method, f"/accounts/{{account}}/users/{{student}}/{what}", ADMINS, body=body if method == "POST" else None)
        for what, body in (
            ("edit", {"name": "Ana", "login_id": "ana"}),
            ("suspend", None),
            ("reactivate", None),
            ("sign_out", None),
            ("delete", None),
        )
        for method in ("GET", "POST")
        if (method, what) != ("GET", "reactivate")
    ],
    row("GET", "/accounts/{account}/users/{student}/history", ADMINS),
    row("GET", "/accounts/{account}/users/{student}/link/{kind}", "admin"),
    row("GET", "/accounts/{account}/users/{student}/link/{kind}/{ta}", "admin", loose="ta"),
    row("POST", "/accounts/{account}/users/{student}/link/{kind}/{ta}", "admin", loose="ta"),
    row("GET", "/accounts/{account}/courses/new", ADMINS),
    row("POST", "/accounts/{account}/courses/new", ADMINS, body={"name": "Art", "account": "{account}"}),
    row("GET", "/accounts/{account}/courses/{course}", ADMINS),
    *[
        row(method, f"/accounts/{{account}}/courses/{{course}}/{what}", ADMINS, body=body if method == "POST" else None)
        for what, body in (
            ("edit", {"name": "Art", "account": "{account}"}),
            ("state", {"event": "conclude"}),
            ("delete", None),
        )
        for method in ("GET", "POST")
        if (method, what) != ("GET", "state")
    ],
    row("GET", "/accounts/{account}/sub_accounts", ADMINS),
    row("GET", "/accounts/{account}/sub_accounts/new", ADMINS),
    row("POST", "/accounts/{account}/sub_accounts/new", ADMINS, body={"name": "Lower school"}),
    row("GET", "/accounts/{account}/edit", ADMINS),
    row("POST", "/accounts/{account}/edit", ADMINS, body={"name": "School"}),
    row("GET", "/accounts/{account}/delete", "admin"),
    row("POST", "/accounts/{account}/delete", "admin"),
    row("GET", "/accounts/{account}/admins", ADMINS),
    row("GET", "/accounts/{account}/admins/new", ADMINS),
    row("GET", "/accounts/{account}/admins/new/{ta}", ADMINS, loose="account ta"),
    row(
        "POST",
        "/accounts/{account}/admins/new/{ta}",
        ADMINS,
        body={"role": "{admin_role}"},
        loose="account ta",
    ),
    row("GET", "/accounts/{account}/admins/{second_admin}/remove", ADMINS),
    row("POST", "/accounts/{account}/admins/{second_admin}/remove", ADMINS),
    row("GET", "/accounts/{root}/terms", "admin"),
    row("GET", "/accounts/{root}/terms/new", "admin"),
    row("POST", "/accounts/{root}/terms/new", "admin", body={"name": "Spring"}),
    row("GET", "/accounts/{root}/terms/{term}/edit", "admin"),
    row("POST", "/accounts/{root}/terms/{term}/edit", "admin", body={"name": "Spring"}),
    row("GET", "/accounts/{root}/terms/{term}/delete", "admin"),
    row("POST", "/accounts/{root}/terms/{term}/delete", "admin"),
    # Rosters
    row("GET", "/accounts/{root}/sis_import", "admin"),
    row("POST", "/accounts/{root}/sis_import", "admin"),
    row("POST", "/accounts/{root}/sis_import/deletion_brake", "admin", body={"deletion_brake": "20"}),
    row("GET", "/accounts/{root}/user_observers", "admin"),
    row("POST", "/accounts/{root}/user_observers", "admin"),
    row("POST", "/accounts/{root}/sis_import/schedule", "admin", body={"key": "command", "expected_hours": "24"}),
    row("GET", "/accounts/{root}/sis_import/{import}", "admin"),
    # Whoever has signed out meanwhile is told to load the page anew, and nothing else.
    row("GET", "/accounts/{root}/sis_import/{import}/progress", "nobody admin", anybody=True),
    row("POST", "/accounts/{root}/sis_import/{import}/stop", "admin"),
    row("GET", "/accounts/{root}/sis_import/{import}/messages.csv", "admin"),
    # What has not run, or is not kept, can be neither repeated, taken back nor had.
    row("POST", "/accounts/{root}/sis_import/{import}/again", "admin"),
    row("POST", "/accounts/{root}/sis_import/{import}/take_back", "", hidden="admin"),
    row("GET", "/accounts/{root}/sis_import/{import}/upload", "", hidden="admin"),
]

# In the API whoever may not read the record of a person or a course is refused: ids there are no secret.
READERS_OF_STUDENT = f"{STAFF} {FAMILY}"
API = [
    row("GET", "/api/v1/accounts", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/accounts/{account}", ADMINS),
    row("GET", "/api/v1/accounts/{account}/permissions", SIGNED_IN, anybody=True),
    row("GET", "/api/v1/accounts/{account}/roles", ADMINS),
    row("POST", "/api/v1/accounts/{account}/roles", ADMINS, body={"label": "Aide", "base_role_type": "TaEnrollment"}),
    row("GET", "/api/v1/accounts/{account}/roles/{role}", ADMINS),
    row("PUT", "/api/v1/accounts/{account}/roles/{role}", ADMINS, body={"label": "Aide"}),
    row("DELETE", "/api/v1/accounts/{account}/roles/{role}", ADMINS),
    row("POST", "/api/v1/accounts/{account}/roles/{role}/activate", ADMINS),
    row("PUT", "/api/v1/accounts/{root}/roles/{teacher_role}", "admin"),
    row("GET", "/api/v1/accounts/{account}/terms_of_service", f"nobody {SIGNED_IN}", anybody=True),
    row("GET", "/api/v1/accounts/{root}/authentication_providers", "admin"),
    row("PUT", "/api/v1/accounts/{root}/authentication_providers", "admin", body={"self_registration": "none"}),
    row("GET", "/api/v1/accounts/{root}/authentication_providers/canvas", "admin"),
    row("PUT", "/api/v1/accounts/{root}/authentication_providers/canvas", "admin", body={"self_registration": "none"}),
    row("GET", "/api/v1/accounts/{account}/users", ADMINS),
    row(
        "POST",
        "/api/v1/accounts/{account}/users",
        ADMINS,
        hidden=f"nobody {but(SIGNED_IN, f'{ADMINS} acting')}",
        body={"user[name]": "Ana", "pseudonym[unique_id]": "ana"},
    ),
    row("POST", "/api/v1/accounts/{account}/courses", ADMINS, body={"course[name]": "Art"}),
    row("GET", "/api/v1/accounts/{account}/courses", ADMINS),
    row("PUT", "/api/v1/accounts/{account}", ADMINS, body={"account[name]": "School"}),
    row("GET", "/api/v1/accounts/{account}/sub_accounts", ADMINS),
    row("POST", "/api/v1/accounts/{account}/sub_accounts", ADMINS, body={"account[name]": "Lower school"}),
    row("DELETE", "/api/v1/accounts/{root}/sub_accounts/{account}", "admin", loose="account"),
    row("GET", "/api/v1/accounts/{account}/admins", ADMINS),
    row("POST", "/api/v1/accounts/{account}/admins", ADMINS, body={"user_id": "{ta}"}, loose="account ta"),
    row("DELETE", "/api/v1/accounts/{account}/admins/{second}", ADMINS),
    row("GET", "/api/v1/accounts/{root}/terms", "admin"),
    row("POST", "/api/v1/accounts/{root}/terms", "admin", body={"enrollment_term[name]": "Spring"}),
    row("GET", "/api/v1/accounts/{root}/terms/{term}", "admin"),
    row("PUT", "/api/v1/accounts/{root}/terms/{term}", "admin", body={"enrollment_term[name]": "Spring"}),
    row("DELETE", "/api/v1/accounts/{root}/terms/{term}", "admin"),
    # Whoever is in charge of the whole institution may go by any of its accounts.
    row("DELETE", "/api/v1/accounts/{account}/users/{student}", ADMINS, loose="account student"),
    row(
        "PUT",
        "/api/v1/accounts/{account}/logins/{student}",
        ADMINS,
        body={"login[unique_id]": "ana"},
        loose="account student",
    ),
    row("GET", "/api/v1/users/{student}/logins", f"student {TEACHERS}"),
    row("GET", "/api/v1/users/{student}/communication_channels", f"student {TEACHERS}"),
    row("DELETE", "/api/v1/users/{student}/logins/{student}", ADMINS),
    row("GET", "/api/v1/accounts/{account}/logins", ADMINS),
    row("POST", "/api/v1/accounts/{account}/logins", ADMINS, body={"user[id]": "{student}"}, loose="account student"),
    row("GET", "/api/v1/course_accounts", SIGNED_IN, of_oneself=True),
    row("DELETE", "/api/v1/users/{student}/sessions", f"student {ADMINS}"),
    row("PUT", "/api/v1/users/{student}", f"{STUDENT} {ADMINS}", body={"user[time_zone]": "Europe/Berlin"}),
    row("PUT", "/api/v1/users/{student}", ADMINS, body={"user[name]": "Ana"}),
    row("PUT", "/api/v1/courses/{course}", ADMINS, body={"course[name]": "Art"}),
    row("DELETE", "/api/v1/courses/{course}", ADMINS, body={"event": "conclude"}),
    row("GET", "/api/v1/users/self", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/users/{student}", READERS_OF_STUDENT),
    row("GET", "/api/v1/users/{student}/profile", READERS_OF_STUDENT),
    row("GET", "/api/v1/users/{student}/courses", READERS_OF_STUDENT),
    row("GET", "/api/v1/users/{student}/enrollments", READERS_OF_STUDENT),
    row("GET", "/api/v1/courses", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/courses/{course}", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/permissions", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/tabs", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/settings", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/features/enabled", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/front_page", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/grading_periods", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/assignment_groups", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/assignments", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/assignments/{assignment}", IN_COURSE),
    row(
        "GET",
        "/api/v1/courses/{course}/assignments/{assignment}/submissions/{student}",
        FAMILY,
        hidden=but(IN_COURSE, FAMILY),
        loose="student",
    ),
    row("GET", "/api/v1/courses/{course}/sections", STAFF),
    row("GET", "/api/v1/sections/{section}", STAFF),
    row("GET", "/api/v1/courses/{course}/sections/{section}", STAFF),
    row("POST", "/api/v1/sections/{spare}/crosslist/{course}", SECTION_MAKERS, loose="spare course"),
    row("PUT", "/api/v1/sections/{spare}/crosslist/{course}", SECTION_MAKERS, loose="spare course"),
    row("DELETE", "/api/v1/sections/{spare}/crosslist", SECTION_MAKERS),
    row("GET", "/api/v1/accounts/{account}/enrollments/{enrollment}", READERS_OF_STUDENT),
    row("GET", "/api/v1/courses/{course}/enrollments", IN_COURSE),
    row("GET", "/api/v1/sections/{section}/enrollments", IN_COURSE),
    row("GET", "/api/v1/courses/{course}/enrollments/{enrollment}", READERS_OF_STUDENT),
    row("POST", "/api/v1/courses/{course}/enrollments/{enrollment}/accept", "", hidden="student"),
    row("POST", "/api/v1/courses/{course}/enrollments/{enrollment}/reject", "", hidden="student"),
    row(
        "POST",
        "/api/v1/courses/{course}/enrollments",
        STAFF,
        body={"enrollment[user_id]": "{classmate}", "enrollment[course_section_id]": "{section}"},
        loose="classmate",
    ),
    row(
        "POST",
        "/api/v1/courses/{course}/enrollments",
        TEACHERS,
        body={
            "enrollment[user_id]": "{observer}",
            "enrollment[type]": "ObserverEnrollment",
            "enrollment[associated_user_id]": "{classmate}",
        },
        loose="observer",
    ),
    row(
        "POST",
        "/api/v1/sections/{section}/enrollments",
        STAFF,
        body={"enrollment[user_id]": "{classmate}"},
        loose="classmate section",
    ),
    row("DELETE", "/api/v1/courses/{course}/enrollments/{enrollment}", STAFF, body={"task": "conclude"}),
    row("DELETE", "/api/v1/courses/{course}/enrollments/{enrollment}", STAFF, body={"task": "delete"}),
    row("PUT", "/api/v1/courses/{course}/enrollments/{enrollment}/reactivate", STAFF),
    row("PUT", "/api/v1/sections/{section}", SECTION_MAKERS, body={"course_section[name]": "C"}),
    row("DELETE", "/api/v1/sections/{spare}", SECTION_MAKERS),
    row("POST", "/api/v1/courses/{course}/sections", SECTION_MAKERS, body={"course_section[name]": "C"}),
    # Students are told who runs the course, and of themselves.
    row("GET", "/api/v1/courses/{course}/users", f"{STAFF} {STUDENT} classmate"),
    row("GET", "/api/v1/courses/{course}/search_users", f"{STAFF} {STUDENT} classmate"),
    row("GET", "/api/v1/courses/{course}/users/{student}", f"{STAFF} {STUDENT}"),
    # What the apps ask for when they start
    row("POST", "/api/graphql", SIGNED_IN, of_oneself=True, body={"query": "query Any"}),
    row("GET", "/api/v1/accounts/{account}/help_links", SIGNED_IN, anybody=True),
    row("GET", "/api/v1/accounts/{account}/lti_apps/launch_definitions", SIGNED_IN, anybody=True),
    row("GET", "/api/v1/brand_variables", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/api/v1/career/experience_summary", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/conversations", SIGNED_IN, of_oneself=True),
    row("POST", "/api/v1/conversations", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/conversations/batches", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/conversations/find_recipients", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/conversations/unread_count", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/search/recipients", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/features/environment", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/settings/environment", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/users/{student}/settings", STUDENT),
    row("GET", "/api/v1/users/{student}/colors", STUDENT),
    row("GET", "/api/v1/users/{student}/colors/{asset}", STUDENT),
    row("PUT", "/api/v1/users/{student}/colors/{asset}", STUDENT, body={"hexcode": "0b6158"}),
    row("GET", "/api/v1", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/api/v1/documentation", f"nobody {SIGNED_IN}", of_oneself=True),
    row("GET", "/api/v1/openapi", f"nobody {SIGNED_IN}", of_oneself=True),
    # Rosters
    row("GET", "/api/v1/accounts/{root}/reports", "admin"),
    row("GET", "/api/v1/accounts/{root}/reports/provisioning_csv", "admin"),
    row("POST", "/api/v1/accounts/{root}/reports/provisioning_csv", "admin", body={"parameters[terms]": "true"}),
    row("GET", "/api/v1/accounts/{root}/reports/provisioning_csv/{report_asked}", "admin"),
    row("DELETE", "/api/v1/accounts/{root}/reports/provisioning_csv/{report_asked}", "admin"),
    row("GET", "/api/v1/accounts/{root}/reports/provisioning_csv/{report_asked}/download", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_imports", "admin"),
    row("POST", "/api/v1/accounts/{root}/sis_imports", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_imports/importing", "admin"),
    row("PUT", "/api/v1/accounts/{root}/sis_imports/abort_all_pending", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_imports/{import}", "admin"),
    row("PUT", "/api/v1/accounts/{root}/sis_imports/{import}/abort", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_imports/{import}/errors", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_imports/{import}/errors_attachment", "admin"),
    row("PUT", "/api/v1/accounts/{root}/sis_imports/{import}/restore_states", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_imports/{import}/upload", "", hidden="admin"),
    row("GET", "/api/v1/accounts/{root}/sis_import_errors", "admin"),
    row("GET", "/api/v1/accounts/{root}/sis_sources", "admin"),
    row("PUT", "/api/v1/accounts/{root}/sis_sources", "admin"),
    row("GET", "/api/v1/progress/{import}", "", hidden="admin"),
    # Pairing
    row("POST", "/api/v1/users/{student}/observer_pairing_codes", f"{STUDENT} {ADMINS}"),
    row("GET", "/api/v1/users/self/observees", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/users/self/observer_alerts/unread_count", SIGNED_IN, of_oneself=True),
    row("GET", "/api/v1/users/self/observer_alerts/{student}", SIGNED_IN, of_oneself=True),
    row("PUT", "/api/v1/users/self/observer_alerts/{alert}/{state}", "observer"),
    row("GET", "/api/v1/users/self/observer_alert_thresholds", SIGNED_IN, of_oneself=True),
    # About whom is asked as well, and refused with 400: tests/notices/test_api_thresholds.py.
    row("POST", "/api/v1/users/self/observer_alert_thresholds", SIGNED_IN, of_oneself=True),
    *[
        row(method, "/api/v1/users/self/observer_alert_thresholds/{threshold}", "observer")
        for method in ("GET", "PUT", "DELETE")
    ],
    row("GET", "/api/v1/users/{observer}/observees", "observer admin"),
    row("POST", "/api/v1/users/{observer}/observees", "observer admin", body={"pairing_code": "abcdef"}),
    row("GET", "/api/v1/users/{observer}/observees/{student}", "observer admin"),
    row("PUT", "/api/v1/users/{observer}/observees/{classmate}", "admin", loose="observer classmate"),
    row("DELETE", "/api/v1/users/{observer}/observees/{student}", "observer admin"),
    row("GET", "/api/v1/users/{student}/observers", f"{STUDENT} admin"),
    row("GET", "/api/v1/users/{student}/observers/{observer}", f"{STUDENT} admin"),
]

ROWS = [*PAGES, *API]
