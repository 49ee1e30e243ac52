"""The API of the courses app; GET accounts/:id/users shares its path with sign-up: pairing/api/urls.py."""

from django.urls import path

from accounts.api.endpoints import methods
from courses.api import (
    account_courses,
    admins,
    assignments,
    course_lists,
    course_pages,
    courses,
    enrollment_changes,
    enrollments,
    logins,
    people,
    sections,
    terms,
    users,
)

COURSE = "courses/<str:course_id>"
ENROLLMENT = f"{COURSE}/enrollments/<str:enrollment_id>"

urlpatterns = [
    path("users/<str:user_id>", methods(GET=users.show, PUT=users.change)),
    path("users/<str:user_id>/sessions", methods(DELETE=users.end_sessions)),
    path("users/<str:user_id>/logins", methods(GET=logins.index)),
    path("users/<str:user_id>/logins/<str:login_id>", methods(DELETE=logins.remove)),
    path("users/<str:user_id>/communication_channels", methods(GET=logins.channels)),
    path("accounts/<str:account_id>/logins", methods(GET=logins.index_of_account, POST=logins.create)),
    path("accounts/<str:account_id>/logins/<str:login_id>", methods(PUT=logins.change)),
    path("accounts/<str:account_id>/admins", methods(GET=admins.index, POST=admins.create)),
    path("accounts/<str:account_id>/admins/<str:user_id>", methods(DELETE=admins.remove)),
    path("accounts/<str:account_id>/sub_accounts/<str:sub_account_id>", methods(DELETE=account_courses.delete_account)),
    path("accounts/<str:account_id>/terms", methods(GET=terms.index, POST=terms.create)),
    path(
        "accounts/<str:account_id>/terms/<str:term_id>",
        methods(GET=terms.show, PUT=terms.change, DELETE=terms.remove),
    ),
    path("users/<str:user_id>/profile", methods(GET=users.profile)),
    path("course_accounts", methods(GET=account_courses.course_accounts)),
    path("courses", methods(GET=courses.index)),
    path(COURSE, methods(GET=courses.show, PUT=account_courses.change, DELETE=account_courses.end)),
    path(f"{COURSE}/permissions", methods(GET=courses.permissions)),
    path(f"{COURSE}/tabs", methods(GET=course_pages.tabs)),
    path(f"{COURSE}/settings", methods(GET=course_pages.settings)),
    path(f"{COURSE}/features/enabled", methods(GET=course_pages.features)),
    path(f"{COURSE}/front_page", methods(GET=course_pages.front_page)),
    path(f"{COURSE}/grading_periods", methods(GET=course_pages.grading_periods)),
    path(f"{COURSE}/assignment_groups", methods(GET=assignments.groups)),
    path(f"{COURSE}/assignments", methods(GET=assignments.index)),
    path(f"{COURSE}/assignments/<str:assignment_id>", methods(GET=assignments.show)),
    path(f"{COURSE}/assignments/<str:assignment_id>/submissions/<str:user_id>", methods(GET=assignments.submission)),
    path("accounts/<str:account_id>/courses", methods(GET=course_lists.index, POST=courses.create)),
    path("users/<str:user_id>/courses", methods(GET=courses.index_of_user)),
    path(f"{COURSE}/sections", methods(GET=sections.index, POST=sections.create)),
    path(f"{COURSE}/sections/<str:section_id>", methods(GET=sections.show_in_course)),
    path("sections/<str:section_id>/crosslist", methods(DELETE=sections.send_home)),
    path(
        "sections/<str:section_id>/crosslist/<str:course_id>",
        methods(POST=sections.cross_list_into, PUT=sections.cross_list_into),
    ),
    path("sections/<str:section_id>", methods(GET=sections.show, PUT=sections.edit, DELETE=sections.delete)),
    path(f"{COURSE}/enrollments", methods(GET=enrollments.index, POST=enrollment_changes.create)),
    path(
        "sections/<str:section_id>/enrollments",
        methods(GET=enrollments.index_of_section, POST=enrollment_changes.create_in_section),
    ),
    path("accounts/<str:account_id>/enrollments/<str:enrollment_id>", methods(GET=enrollments.show_in_account)),
    path("users/<str:user_id>/enrollments", methods(GET=enrollments.index_of_user)),
    path(ENROLLMENT, methods(GET=enrollments.show, DELETE=enrollment_changes.end)),
    path(f"{ENROLLMENT}/reactivate", methods(PUT=enrollment_changes.reactivate)),
    path(f"{ENROLLMENT}/accept", methods(POST=enrollment_changes.accept)),
    path(f"{ENROLLMENT}/reject", methods(POST=enrollment_changes.reject)),
    path(f"{COURSE}/users", methods(GET=people.index)),
    path(f"{COURSE}/search_users", methods(GET=people.index)),
    path(f"{COURSE}/users/<str:user_id>", methods(GET=people.show)),
]
