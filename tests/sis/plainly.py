"""What an import does, told plainly: one row after the other, with dictionaries. Slow, and easy to believe."""

from __future__ import annotations

from dataclasses import dataclass, field

SECTIONS = ("S1", "S2")
LIVE = ("active", "inactive")


@dataclass
class School:
    """`people`: SIS id → [login, state]; `enrollments`: (section, who, type, whom they observe) → state; `links`."""

    people: dict[str, list[str]] = field(default_factory=dict)
    enrollments: dict[tuple[str, str, str, str | None], str] = field(default_factory=dict)
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    warnings: list[tuple[str, int, str]] = field(default_factory=list)
    # The enrollments beside a student that there are because of a link alone: they end with it.
    by_link: set[tuple[str, str, str, str | None]] = field(default_factory=set)
    # The ids that several people of the files at hand have: no row about them counts.
    shared: set[str] = field(default_factory=set)

    def load(self, files: dict[str, list[tuple[str, ...]]]) -> None:
        """Apply files in the order of processing; of one kind, in the order of their names."""
        logins: dict[str, set[str]] = {}
        for name in files:
            for sis_id, login, *_ in files[name] if name.startswith("users") else []:
                logins.setdefault(sis_id, set()).update({login} - {""})
        self.shared = {sis_id for sis_id, its in logins.items() if sis_id and len(its) > 1}
        for kind, apply in (("users", self.user), ("enrollments", self.enrollment), ("observers", self.observer)):
            for name in sorted(name for name in files if name.startswith(kind)):
                for number, row in enumerate(files[name], 2):
                    if any(row) and (problem := apply(*row)):
                        self.warnings.append((f"{name}.csv", number, problem))

    def user(self, sis_id: str, login: str, status: str) -> str | None:
        if not sis_id:
            return "no_user_id"
        if not login and not (status == "deleted" and sis_id in self.people):
            return "no_login_id"
        if not status:
            return "no_status"
        if status not in ("active", "suspended", "deleted"):
            return "bad_status"
        if sis_id in self.shared:
            return "shared_id"
        holder = next((who for who, (its, state) in self.people.items() if its == login and state != "deleted"), None)
        if sis_id not in self.people and holder:
            return "login_claimed"
        if holder and holder != sis_id and status != "deleted":
            return "login_claimed"
        had, before = self.people.get(sis_id, ["", ""])
        if before == status == "deleted":
            return None
        self.people[sis_id] = [login or had, "registered" if status == "active" else status]
        if status == "deleted" and before:
            for enrollment in self.enrollments:
                if sis_id in (enrollment[1], enrollment[3]):
                    self.enrollments[enrollment] = "deleted"
        return None

    def enrollment(self, section: str, who: str, role: str, status: str, whom: str) -> str | None:
        if not section:
            return "no_section_or_course"
        if not who:
            return "no_user"
        if status not in ("active", "deleted", "completed", "inactive"):
            return "bad_status"
        if {who, whom} & self.shared:
            return "shared_id"
        if who not in self.people:
            return "user_not_found"
        if section not in SECTIONS:
            return "no_section"
        if role not in ("student", "observer"):
            return "bad_role"
        if role == "observer" and whom and whom not in self.people:
            return "no_associated_user"
        enrollment = (section, who, role, whom if role == "observer" and whom else None)
        before, gone = self.enrollments.get(enrollment), self.people[who][1] == "deleted"
        if gone and status == "active" and before == "deleted":
            return "enroll_deleted_user"
        if enrollment[3] == who:
            return "invalid_enrollment"
        self.enrollments[enrollment] = after = "deleted" if gone and status == "active" else status
        if after != "deleted":
            self.by_link.discard(enrollment)
        if role == "student" and after != before:
            self.follow(section, who, before, after)
        return "enroll_deleted_user" if gone and status == "active" else None

    def follow(self, section: str, student: str, before: str | None, after: str) -> None:
        for (where, observer, role, whom), state in list(self.enrollments.items()):
            beside = (where, role, whom) == (section, "observer", student) and state != "deleted"
            if beside and (after != "active" or self.links.get((observer, student)) == "active"):
                self.enrollments[where, observer, role, whom] = after
        if before in (None, "inactive", "completed", "deleted") and after in LIVE:
            for (observer, whom), state in self.links.items():
                if whom == student and state == "active" and self.people[observer][1] != "deleted":
                    self.beside(section, observer, student, after)

    def beside(self, section: str, observer: str, student: str, state: str) -> None:
        """Let an observer's link open the section as far as it is open to the student."""
        enrollment = (section, observer, "observer", student)
        if self.enrollments.get(enrollment, "deleted") == "deleted":
            self.by_link.add(enrollment)
        self.enrollments[enrollment] = state

    def observer(self, observer: str, student: str, status: str) -> str | None:
        if not observer:
            return "no_observer"
        if not student:
            return "no_student"
        if observer == student:
            return "self"
        if status not in ("active", "deleted"):
            return "bad_status"
        if {observer, student} & self.shared:
            return "shared_id"
        for who, problem in ((observer, "unknown_observer"), (student, "unknown_student")):
            if self.people.get(who, ["", "deleted"])[1] == "deleted":
                return problem
        if status == "deleted" and self.links.get((observer, student)) != "active":
            return "no_link_to_delete"
        self.links[observer, student] = status
        for section in SECTIONS:
            there = self.enrollments.get((section, student, "student", None))
            if status == "active" and there in LIVE:
                self.beside(section, observer, student, str(there))
        if status == "deleted":
            for enrollment in self.enrollments:
                if enrollment[1:] == (observer, "observer", student) and enrollment in self.by_link:
                    self.enrollments[enrollment] = "deleted"
        return None
