"""Uploads of OneRoster and School Data Sync, such as a school sends when all is well, and what they say."""

from hypothesis import strategies as st

from tests.sis.invented_nights import Upload
from tests.sis.oneroster import manifest

PARENTS, STUDENTS, TEACHERS = ("PA", "PB"), ("SA", "SB", "SC"), ("TA",)
PAIRS = (("PA", "SA"), ("PA", "SB"), ("PB", "SA"), ("PB", "SC"))
ONE_ROSTER = {
    "orgs": "sourcedId,status,name,type,parentSourcedId",
    "academicSessions": "sourcedId,status,title,type,startDate,endDate",
    "classes": "sourcedId,status,title,courseSourcedId,schoolSourcedId,termSourcedIds",
    "users": "sourcedId,status,enabledUser,role,username,givenName,familyName,agentSourcedIds,orgSourcedIds",
    "enrollments": "sourcedId,status,classSourcedId,userSourcedId,role,beginDate,endDate",
}
ONE_ROSTER_1_2 = {
    **ONE_ROSTER,
    "users": "sourcedId,status,enabledUser,username,givenName,familyName,agentSourcedIds",
    "roles": "sourcedId,status,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId",
}
SDS = {
    "orgs": "sourcedId,name,type,parentSourcedId",
    "academicSessions": "sourcedId,title,type,startDate,endDate",
    "classes": "sourcedId,title,courseSourcedId,orgSourcedId,sessionSourcedIds",
    "users": "sourcedId,username,givenName,familyName",
    "roles": "userSourcedId,orgSourcedId,role",
    "enrollments": "classSourcedId,userSourcedId,role",
    "relationships": "userSourcedId,relationshipUserSourcedId,relationshipRole",
}
HEADERS = {"1.1": ONE_ROSTER, "1.2": ONE_ROSTER_1_2, "sds": SDS}
# By them an upload is known for one of this school, and a bulk one: the first rows of these files always come.
FIXED = {"orgs": 1}
NEEDED = frozenset({"orgs"})
SDS_NEEDED = frozenset({"orgs", "users", "roles"})
# What an org is decides which source it is; logins pass from one to another only once they are free.
LIMITS = {
    version: {("orgs", at): [""] for at in range(5)} | {("users", username): ["", "NOPE"]}
    for version, username in (("1.1", 4), ("1.2", 3), ("sds", 1))
}
ENROLLED_AS = {"student": "student", "teacher": "teacher", "aide": "ta"}
BEST = ("active", "inactive", "completed")


@st.composite
def schools(draw, version):
    """A school as (upload in this version, what it says)."""

    def some(values):
        return [one for one in values if draw(st.booleans())]

    def one(*values):
        return draw(st.sampled_from(values))

    is_sds = version == "sds"
    status = "" if is_sds else "active"
    orgs = [("O1", "School", "")] + [(name, one("North", "South"), "O1") for name in some(["O2", "O3"])]
    terms = [(name, one("Fall", "Spring")) for name in some(["T1", "T2"])]
    classes = []
    for name in some(["K1", "K2", "K3"]) if terms else ():
        of = one(*(org for org, *_ in orgs)), one(*(term for term, _title in terms))
        classes.append((name, one("Art", "Bio"), *of, status if is_sds else one("active", "active", "inactive")))
    who = some([*PARENTS, *STUDENTS, *TEACHERS])
    roles = {name: one("parent", "guardian") for name in who if name in PARENTS}
    roles |= {name: "student" for name in who if name in STUDENTS} | {
        name: "teacher" for name in who if name in TEACHERS
    }
    users = [(name, one("Kim", "Lee"), "true" if is_sds else one("true", "true", "false")) for name in who]
    links = some([pair for pair in PAIRS if {*pair} <= {*who}])
    # Which of the two names the other.
    agents: dict[str, list[str]] = {name: [] for name in who}
    for pair in links:
        by, named = pair if one(True, False) else pair[::-1]
        agents[by].append(named)
    records = []
    for klass, *_ in classes:
        for name in some([name for name in who if name not in PARENTS]):
            role = one(*("student",) if name in STUDENTS else ("teacher", "aide"))
            for number in range(1 if is_sds else one(1, 1, 2)):
                ends = "" if is_sds else one("", "", "2020-01-01", "2090-01-01")
                state = status if is_sds else one("active", "active", "inactive")
                records.append((f"E{number}-{klass}-{name}-{role}", state, klass, name, role, ends))
    upload = _written(version, orgs, terms, classes, users, roles, agents, links, records)
    return upload, _said(orgs, terms, classes, users, links, records)


def uploads(version):
    """What a school sends when all is well."""
    return schools(version).map(lambda it: it[0])


@st.composite
def changes(draw, version):
    """Uploads of changes: some rows of a school, some of them with another status, of these some to be deleted."""
    upload = {}
    for name, rows in draw(uploads(version)).items():
        at = HEADERS[version][name].split(",").index("status")
        words = [draw(st.sampled_from(["same", "same", "active", "tobedeleted", None])) for _row in rows]
        upload[name] = [
            row if word == "same" else (*row[:at], word, *row[at + 1 :])
            for row, word in zip(rows, words, strict=True)
            if word
        ]
    some = draw(st.lists(st.sampled_from(sorted(upload)), unique=True, min_size=1))
    return {name: upload[name] for name in some}


def with_manifest(upload: Upload, version: str, mode: str = "bulk") -> dict[str, str]:
    """The manifest beside these files, or nothing for what has none."""
    return (
        {}
        if version == "sds"
        else {"manifest": manifest(version, **dict.fromkeys(upload, mode)) + "source.systemCode,x\n"}
    )


def _written(version, orgs, terms, classes, users, roles, agents, links, records):
    kinds = ["school", *["department"] * len(orgs)]
    spans = [(f"20{25 + number}-08-01", f"20{26 + number}-06-30") for number in range(len(terms))]
    if version == "sds":
        return {
            "orgs": [(org, name, kind, above) for (org, name, above), kind in zip(orgs, kinds, strict=False)],
            "academicSessions": [
                (term, title, "term", *span) for (term, title), span in zip(terms, spans, strict=True)
            ],
            "classes": [(klass, title, "", org, term) for klass, title, org, term, _status in classes],
            "users": [(name, name.lower(), given, "X") for name, given, _enabled in users],
            "roles": [(name, "O1", role) for name, role in roles.items()],
            "enrollments": [(klass, name, role) for _id, _status, klass, name, role, _ends in records],
            "relationships": [(student, parent, roles[parent]) for parent, student in links],
        }
    with_role = {name: () if version == "1.2" else (role,) for name, role in roles.items()}
    upload = {
        "orgs": [(org, "", name, kind, above) for (org, name, above), kind in zip(orgs, kinds, strict=False)],
        "academicSessions": [
            (term, "", title, "term", *span) for (term, title), span in zip(terms, spans, strict=True)
        ],
        "classes": [(klass, status, title, "", org, term) for klass, title, org, term, status in classes],
        "users": [
            (name, "active", enabled, *with_role[name], name.lower(), given, "X", ",".join(agents[name]))
            + (() if version == "1.2" else ("O1",))
            for name, given, enabled in users
        ],
        "enrollments": [(one, status, klass, name, role, "", ends) for one, status, klass, name, role, ends in records],
    }
    if version == "1.2":
        upload["roles"] = [(f"R-{name}", "", name, "primary", role, "", "", "O1") for name, role in roles.items()]
    return upload


def _said(orgs, terms, classes, users, links, records) -> dict[str, dict]:
    enrollments: dict[tuple, str] = {}
    for _id, status, klass, name, role, ends in records:
        state = "completed" if ends == "2020-01-01" and status in ("", "active") else status or "active"
        key = (klass, name, ENROLLED_AS[role], None)
        enrollments[key] = min(state, enrollments.get(key, state), key=BEST.index)
    beside = {
        (klass, parent, "observer", student): state
        for (klass, who, role, _whom), state in enrollments.items()
        for parent, student in links
        if (who, role) == (student, "student") and state != "completed"
    }
    states = {"": "available", "active": "available", "inactive": "completed"}
    return {
        "accounts": {org: (name, above or None) for org, name, above in orgs},
        "terms": dict(terms),
        "courses": {klass: [title, org, term, states[status]] for klass, title, org, term, status in classes},
        "sections": {klass: [title, klass, None] for klass, title, *_ in classes},
        "users": {
            name: [name.lower(), f"{given} X", "registered" if enabled == "true" else "suspended"]
            for name, given, enabled in users
        },
        "logins": {},
        "enrollments": enrollments | beside,
        "admins": {},
        "observers": dict.fromkeys(links, ()),
    }
