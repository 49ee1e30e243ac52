"""The pages of courses and accounts."""

from django.urls import path

from courses.views import (
    account_admins,
    account_courses,
    account_links,
    account_people,
    accounts,
    act_as,
    add_people,
    course,
    course_observers,
    dashboard,
    member,
    observer_guide,
    people,
    permissions,
    roles,
    sections,
    terms,
)
from courses.views.person_menu import ACTIONS

PERSON = "courses/<int:course_id>/users/<int:user_id>"
SECTION = "courses/<int:course_id>/sections/<int:section_id>"
ACCOUNT = "accounts/<int:account_id>"
USER = f"{ACCOUNT}/users/<int:user_id>"
COURSE = f"{ACCOUNT}/courses/<int:course_id>"

urlpatterns = [
    path("", dashboard.show, name="dashboard"),
    path("invitations/<int:enrollment_id>", dashboard.AnswerInvitation.view(), name="invitation"),
    path("observing/guide", observer_guide.show, name="observer_guide"),
    path("observing/select", dashboard.select_student, name="select_student"),
    path("users/<int:user_id>/masquerade", act_as.StartActing.view(), name="act_as"),
    path("masquerade/stop", act_as.stop, name="stop_acting"),
    path("courses/<int:course_id>", course.home, name="course"),
    path("courses/<int:course_id>/announcements", course.announcements, name="course_announcements"),
    path("courses/<int:course_id>/assignments", course.assignments, name="course_assignments"),
    path("courses/<int:course_id>/assignments/syllabus", course.syllabus, name="course_syllabus"),
    path("courses/<int:course_id>/assignments/<int:assignment_id>", course.assignment, name="course_assignment"),
    path("courses/<int:course_id>/grades", course.grades, name="course_grades"),
    path("courses/<int:course_id>/grades/<int:student_id>", course.grades, name="course_grades_of"),
    path("courses/<int:course_id>/users", people.index, name="course_people"),
    path("courses/<int:course_id>/users/add", add_people.AddPeople.view(), name="course_add_people"),
    path(PERSON, people.show, name="course_user"),
    path(f"{PERSON}/sections", member.EditSections.view(), name="course_user_sections"),
    path(f"{PERSON}/role", member.EditRole.view(), name="course_user_role"),
    *(
        path(f"{PERSON}/{action.value}", member.ChangeState.view(), {"action": action}, name=page)
        for action, (page, _) in ACTIONS.items()
    ),
    path(f"{PERSON}/link_students", course_observers.LinkStudents.view(), name="course_link_students"),
    path(
        f"{PERSON}/link_students/<int:student_id>/remove",
        course_observers.UnlinkStudent.view(),
        name="course_unlink_student",
    ),
    path("courses/<int:course_id>/sections", sections.Sections.view(), name="course_sections"),
    path(f"{SECTION}/edit", sections.EditSection.view(), name="course_section_edit"),
    path(f"{SECTION}/delete", sections.DeleteSection.view(), name="course_section_delete"),
    path(f"{ACCOUNT}/permissions", permissions.index, name="account_permissions"),
    path(f"{ACCOUNT}/permissions/<str:key>", permissions.permission, name="account_permission"),
    path(
        f"{ACCOUNT}/permissions/<int:role_id>/<str:key>",
        permissions.PermissionSetting.view(),
        name="account_permission_setting",
    ),
    path(f"{ACCOUNT}/roles/new", roles.NewRole.view(), name="new_role"),
    path(f"{ACCOUNT}/roles/<int:role_id>", roles.ShowRole.view(), name="account_role"),
    path(f"{ACCOUNT}/roles/<int:role_id>/deactivate", roles.DeactivateRole.view(), name="deactivate_role"),
    path(f"{ACCOUNT}/roles/<int:role_id>/activate", roles.activate, name="activate_role"),
    path(ACCOUNT, accounts.account, name="account"),
    path(f"{ACCOUNT}/users", accounts.users, name="account_users"),
    path(f"{ACCOUNT}/users/new", account_people.NewPerson.view(), name="new_account_user"),
    path(USER, account_people.show, name="account_user"),
    path(f"{USER}/edit", account_people.EditPerson.view(), name="edit_account_user"),
    path(f"{USER}/suspend", account_people.SuspendPerson.view(), name="suspend_account_user"),
    path(f"{USER}/reactivate", account_people.reactivate_person, name="reactivate_account_user"),
    path(f"{USER}/sign_out", account_people.SignOutPerson.view(), name="sign_out_account_user"),
    path(f"{USER}/history", account_people.history, name="account_user_history"),
    path(f"{USER}/link/<str:kind>", account_links.FindPerson.view(), name="find_to_link"),
    path(f"{USER}/link/<str:kind>/<int:other_id>", account_links.LinkPeople.view(), name="link_people"),
    path(f"{USER}/observer_links/<int:link_id>/remove", account_links.RemoveLink.view(), name="remove_observer_link"),
    path(f"{ACCOUNT}/courses", accounts.courses, name="account_courses"),
    path(f"{ACCOUNT}/courses/new", account_courses.NewCourse.view(), name="new_account_course"),
    path(COURSE, account_courses.show, name="account_course"),
    path(f"{COURSE}/edit", account_courses.EditCourse.view(), name="edit_account_course"),
    path(f"{COURSE}/state", account_courses.change_state, name="account_course_state"),
    path(f"{COURSE}/delete", account_courses.DeleteCourse.view(), name="delete_account_course"),
    path(f"{ACCOUNT}/sub_accounts", accounts.sub_accounts, name="sub_accounts"),
    path(f"{ACCOUNT}/sub_accounts/new", accounts.NewSubAccount.view(), name="new_sub_account"),
    path(f"{ACCOUNT}/edit", accounts.EditAccount.view(), name="edit_account"),
    path(f"{ACCOUNT}/delete", accounts.DeleteSubAccount.view(), name="delete_account"),
    path(f"{ACCOUNT}/admins", account_admins.index, name="account_admins"),
    path(f"{ACCOUNT}/admins/new", account_admins.FindAdmin.view(), name="find_account_admin"),
    path(f"{ACCOUNT}/admins/new/<int:user_id>", account_admins.MakeAdmin.view(), name="make_account_admin"),
    path(f"{ACCOUNT}/admins/<int:admin_id>/remove", account_admins.RemoveAdmin.view(), name="remove_account_admin"),
    path(f"{ACCOUNT}/terms", terms.index, name="terms_of_institution"),
    path(f"{ACCOUNT}/terms/new", terms.NewTerm.view(), name="new_term"),
    path(f"{ACCOUNT}/terms/<int:term_id>/edit", terms.EditTerm.view(), name="edit_term"),
    path(f"{ACCOUNT}/terms/<int:term_id>/delete", terms.DeleteTerm.view(), name="delete_term"),
]
