"""The pages of courses and accounts."""

from django.urls import path

from courses.views import (
    account_user,
    accounts,
    acting,
    adding,
    assignments,
    course,
    dashboard,
    invitations,
    linking,
    member,
    people,
    permissions,
    roles,
    sections,
)
from courses.views.menus import DEEDS

PERSON = "courses/<int:course_id>/users/<int:user_id>"
SECTION = "courses/<int:course_id>/sections/<int:section_id>"

urlpatterns = [
    path("", dashboard.show, name="dashboard"),
    path("invitations/<int:enrollment_id>", invitations.show, name="invitation"),
    path("observing/select", dashboard.select_student, name="select_student"),
    path("users/<int:user_id>/masquerade", acting.start, name="act_as"),
    path("masquerade/stop", acting.stop, name="stop_acting"),
    path("courses/<int:course_id>", course.home, name="course"),
    path("courses/<int:course_id>/announcements", course.announcements, name="course_announcements"),
    path("courses/<int:course_id>/assignments", assignments.index, name="course_assignments"),
    path("courses/<int:course_id>/assignments/syllabus", course.syllabus, name="course_syllabus"),
    path("courses/<int:course_id>/assignments/<int:assignment_id>", assignments.show, name="course_assignment"),
    path("courses/<int:course_id>/grades", assignments.grades, name="course_grades"),
    path("courses/<int:course_id>/users", people.index, name="course_people"),
    path("courses/<int:course_id>/users/add", adding.add, name="course_add_people"),
    path(PERSON, people.show, name="course_user"),
    path(f"{PERSON}/sections", member.sections, name="course_user_sections"),
    path(f"{PERSON}/role", member.role, name="course_user_role"),
    *(path(f"{PERSON}/{deed.value}", member.change, {"deed": deed}, name=page) for deed, (page, _) in DEEDS.items()),
    path(f"{PERSON}/link_students", linking.index, name="course_link_students"),
    path(f"{PERSON}/link_students/<int:student_id>/remove", linking.remove, name="course_unlink_student"),
    path("courses/<int:course_id>/sections", sections.index, name="course_sections"),
    path(f"{SECTION}/edit", sections.edit, name="course_section_edit"),
    path(f"{SECTION}/delete", sections.delete, name="course_section_delete"),
    path("accounts/<int:account_id>", accounts.account, name="account"),
    path("accounts/<int:account_id>/users", accounts.users, name="account_users"),
    path("accounts/<int:account_id>/courses", accounts.courses, name="account_courses"),
    path("accounts/<int:account_id>/users/<int:user_id>", account_user.show, name="account_user"),
    path(
        "accounts/<int:account_id>/users/<int:user_id>/observer_links/<int:link_id>/remove",
        account_user.remove_link,
        name="remove_observer_link",
    ),
    path("accounts/<int:account_id>/permissions", permissions.index, name="account_permissions"),
    path("accounts/<int:account_id>/permissions/<str:key>", permissions.permission, name="account_permission"),
    path(
        "accounts/<int:account_id>/permissions/<int:role_id>/<str:key>",
        permissions.setting,
        name="account_permission_setting",
    ),
    path("accounts/<int:account_id>/roles/new", roles.new, name="new_role"),
    path("accounts/<int:account_id>/roles/<int:role_id>", roles.show, name="account_role"),
    path("accounts/<int:account_id>/roles/<int:role_id>/deactivate", roles.deactivate, name="deactivate_role"),
    path("accounts/<int:account_id>/roles/<int:role_id>/activate", roles.activate, name="activate_role"),
]
