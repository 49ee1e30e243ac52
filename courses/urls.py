"""The pages of courses and accounts."""

from django.urls import path

from courses.views import account_user, accounts, acting, assignments, course, dashboard, people, permissions, roles

urlpatterns = [
    path("", dashboard.show, name="dashboard"),
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
    path("courses/<int:course_id>/users/<int:user_id>", people.show, name="course_user"),
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
