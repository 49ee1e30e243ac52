"""Data sets of Canvas's files of all kinds, such as a school sends when all is well, and what they say."""

from hypothesis import strategies as st

from tests.sis.invented_nights import Upload

HEADERS = {
    "accounts": "account_id,parent_account_id,name,status",
    "terms": "term_id,name,status",
    "courses": "course_id,short_name,long_name,account_id,term_id,status",
    "sections": "section_id,course_id,name,status",
    "xlists": "xlist_course_id,section_id,status",
    "users": "user_id,login_id,full_name,status",
    "logins": "user_id,login_id,existing_user_id",
    "enrollments": "section_id,user_id,role,status,associated_user_id",
    "admins": "user_id,account_id,role,status",
    "observers": "observer_id,student_id,status",
}
# A login passes from one to another only once it is free, which may be the night after: it is wrong as that of nobody,
# or of who is always there.
LIMITS = {("users", 1): ["", "NOPE", "h"]}
PARENTS, STUDENTS, TEACHERS = ("PA", "PB"), ("SA", "SB", "SC"), ("TA",)
PAIRS = (("PA", "SA"), ("PA", "SB"), ("PB", "SA"), ("TA", "SC"))
FURTHER = {"SA": "SA-2", "PA": "PA-2"}
STATES = {"published": "available", "completed": "completed"}


@st.composite
def right_uploads(draw, own="", *, has_further=True, enrolls_observers=False):
    """What a school sends when all is well: everything once, and only in what is there.

    `own` begins its ids, but for those of people, of whom some have further ids if it `has_further`. If it
    `enrolls_observers`, rows of enrollments say whom some of them observe.
    """

    def some(values):
        return [one for one in values if draw(st.booleans())]

    def one(*values):
        return draw(st.sampled_from(values))

    accounts: list[tuple[str, str, str, str]] = []
    for name in some([f"{own}A1", f"{own}A2", f"{own}A3"]):
        accounts.append((name, one("", *(above for above, *_ in accounts)), f"{name} {one('x', 'y')}", "active"))
    terms = [(name, one("Fall", "Spring"), "active") for name in some([f"{own}T1", f"{own}T2"])]
    courses = []
    for name in some([f"{own}C1", f"{own}C2", f"{own}C3"]) if accounts and terms else ():
        of = one(*(account for account, *_ in accounts)), one(*(term for term, *_ in terms))
        courses.append((name, "c", f"{name} {one('x', 'y')}", *of, one("published", "published", "completed")))
    places = [course for course, *_ in courses]
    sections = [
        (name, one(*places), one("x", "y"), "active") for name in (some([f"{own}S1", f"{own}S2"]) if places else ())
    ]
    xlists = []
    for section, home, *_ in sections:
        # Into a course of the file, or one that only cross-listings name.
        others = [*(place for place in places if place != home), f"{own}X1", f"{own}X2"]
        if draw(st.booleans()):
            xlists.append((one(*others), section, "active"))
    who = some([*PARENTS, *STUDENTS, *TEACHERS])
    users = [("H", "h", "H", "active")]
    users += [(name, name.lower(), one("Kim", "Lee"), one("active", "active", "suspended")) for name in who]
    logins = [
        (FURTHER[name], FURTHER[name].lower(), name)
        for name in some([name for name in FURTHER if name in who and has_further])
    ]
    called = {name: (name,) for name in who} | {name: (name, further) for further, _login, name in logins}
    enrollments = []
    for section, *_ in sections:
        for name in some(who):
            roles = ("student",) if name in STUDENTS else ("teacher", "ta") if name in TEACHERS else ("observer",)
            state = one("active", "active", "completed", "inactive")
            enrollments.append((section, one(*called[name]), one(*roles), state, ""))
        if enrolls_observers:
            for observer, student in some([pair for pair in PAIRS if {*pair} <= {*who}]):
                row = section, one(*called[observer]), "observer", one("active", "active", "completed", "inactive")
                enrollments.append((*row, one(*called[student])))
    admins = []
    for name in some([name for name in TEACHERS if name in who]) if accounts else ():
        admins.append((name, one(*(account for account, *_ in accounts)), "AccountAdmin", "active"))
    pairs = some([pair for pair in PAIRS if {*pair} <= {*who}])
    return {
        "accounts": accounts,
        "terms": terms,
        "courses": courses,
        "sections": sections,
        "xlists": xlists,
        "users": users,
        "logins": logins,
        "enrollments": enrollments,
        "admins": admins,
        "observers": [(one(*called[a]), one(*called[b]), "active") for a, b in pairs],
    }


def said(*uploads: Upload) -> dict[str, dict]:
    """What right uploads say that enroll no observers: what is in force when there has been nothing else."""
    rows = {name: [row for upload in uploads for row in upload[name]] for name in HEADERS}
    own = {further: name for further, _login, name in rows["logins"]}
    targets = {section: course for course, section, _status in rows["xlists"]}
    homes = {section: course for section, course, *_ in rows["sections"]}
    courses = {one: [name, of, term, STATES[state]] for one, _code, name, of, term, state in rows["courses"]}
    # A course that no row lists is like that of the first section.
    for section, target in sorted(targets.items()):
        if target not in courses:
            courses[target] = [*courses[homes[section]][:3], "unpublished"]
    enrollments = {
        (section, own.get(who, who), role, None): state for section, who, role, state, _whom in rows["enrollments"]
    }
    observers = {(own.get(a, a), own.get(b, b)): () for a, b, _status in rows["observers"]}
    beside = {
        (section, observer, "observer", student): state
        for (section, who, role, _whom), state in enrollments.items()
        for observer, student in observers
        if (who, role) == (student, "student") and state != "completed"
    }
    return {
        "accounts": {one: (name, parent or None) for one, parent, name, _status in rows["accounts"]},
        "terms": {one: name for one, name, _status in rows["terms"]},
        "courses": courses,
        "sections": {
            one: [name, targets.get(one, course), course if one in targets else None]
            for one, course, name, _status in rows["sections"]
        },
        "users": {
            one: [login, name, "registered" if state == "active" else state]
            for one, login, name, state in rows["users"]
        },
        "logins": own,
        "enrollments": enrollments | beside,
        "admins": {(who, of, "Account Admin"): () for who, of, _role, _status in rows["admins"]},
        "observers": observers,
    }
