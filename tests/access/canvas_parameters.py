"""The parameters that Canvas documents, by call: what a client written for Canvas may send, and expect to count.

From Canvas's public API documentation. What comes with every list (`page`, `per_page`) is not repeated here. What may
stand in `include[]`, which adds to answers, has a table of its own. `<…>` stands for any key.
"""

from __future__ import annotations

STICKINESS = "override_sis_stickiness"
QUOTAS = " ".join(f"account[default_{of}storage_quota_mb]" for of in ("", "user_", "group_"))
ACCOUNT_SETTINGS = """
    restrict_student_past_view restrict_student_future_view restrict_student_future_listing lock_all_announcements
    usage_rights_required conditional_release enable_course_paces enable_as_k5_account use_classic_font_in_k5
    horizon_account lock_outcome_proficiency lock_proficiency_calculation
"""
PLAIN_SETTINGS = """
    microsoft_sync_enabled microsoft_sync_tenant microsoft_sync_login_attribute
    microsoft_sync_login_attribute_suffix microsoft_sync_remote_attribute suppress_notifications password_policy
"""
SETTINGS = " ".join(
    [
        *(f"account[settings][{name}][{leaf}]" for name in ACCOUNT_SETTINGS.split() for leaf in ("value", "locked")),
        *(f"account[settings][{name}]" for name in PLAIN_SETTINGS.split()),
    ]
)
# Of courses, when they are made and when they are changed.
COURSE = """
    course[name] course[course_code] course[start_at] course[end_at] course[license] course[is_public]
    course[is_public_to_auth_users] course[public_syllabus] course[public_syllabus_to_auth]
    course[public_description] course[allow_student_wiki_edits] course[allow_wiki_comments]
    course[allow_student_forum_attachments] course[open_enrollment] course[self_enrollment]
    course[restrict_enrollments_to_course_dates] course[term_id] course[sis_course_id] course[integration_id]
    course[hide_final_grades] course[apply_assignment_group_weights] course[time_zone] course[default_view]
    course[syllabus_body] course[grading_standard_id] course[grade_passback_setting] course[course_format]
    course[post_manually] offer
"""
ROLE = """
    label permissions[<permission>][explicit] permissions[<permission>][enabled]
    permissions[<permission>][applies_to_self] permissions[<permission>][applies_to_descendants]
"""
ENROLLMENTS = """
    type[] role[] state[] grading_period_id enrollment_term_id sis_account_id[] sis_course_id[] sis_section_id[]
    sis_user_id[] created_for_sis_id[]
"""
ENROLL = """
    enrollment[start_at] enrollment[end_at] enrollment[user_id] enrollment[type] enrollment[role]
    enrollment[role_id] enrollment[enrollment_state] enrollment[course_section_id]
    enrollment[limit_privileges_to_course_section] enrollment[notify] enrollment[self_enrollment_code]
    enrollment[self_enrolled] enrollment[associated_user_id] enrollment[sis_user_id] enrollment[integration_id]
    root_account
"""
PEOPLE_OF_COURSE = """
    search_term sort enrollment_type[] enrollment_role enrollment_role_id section_ids[] user_id user_ids[]
    enrollment_state[]
"""
SECTION = """
    course_section[name] course_section[sis_section_id] course_section[integration_id] course_section[start_at]
    course_section[end_at] course_section[restrict_enrollments_to_section_dates]
"""
TERM = """
    enrollment_term[name] enrollment_term[start_at] enrollment_term[end_at] enrollment_term[sis_term_id]
    enrollment_term[overrides][<type>][start_at] enrollment_term[overrides][<type>][end_at]
"""

PARAMETERS = {
    "PUT accounts/{account_id}": f"""
        account[name] account[sis_account_id] account[default_time_zone] {QUOTAS} account[course_template_id]
        account[parent_account_id] {SETTINGS} account[lock_outcome_proficiency][locked]
        account[lock_proficiency_calculation][locked] account[services] {STICKINESS}
    """,
    "GET accounts/{account_id}/sub_accounts": "recursive order",
    "POST accounts/{account_id}/sub_accounts": f"account[name] account[sis_account_id] {QUOTAS}",
    "GET accounts/{account_id}/permissions": "permissions[]",
    "PUT accounts/{account_id}/authentication_providers/{provider_id}": "self_registration position mfa_required",
    "GET accounts/{account_id}/roles": "state[] show_inherited",
    "GET accounts/{account_id}/roles/{role_id}": "role_id role",
    "POST accounts/{account_id}/roles": f"role base_role_type permissions[<permission>][locked] {ROLE}",
    "PUT accounts/{account_id}/roles/{role_id}": ROLE,
    "DELETE accounts/{account_id}/roles/{role_id}": "role_id role",
    "POST accounts/{account_id}/roles/{role_id}/activate": "role_id role",
    "GET accounts/{account_id}/users": "search_term enrollment_type sort order include_deleted_users uuids[]",
    "POST accounts/{account_id}/users": """
        user[name] user[short_name] user[sortable_name] user[time_zone] user[locale] user[terms_of_use]
        user[skip_registration] pseudonym[unique_id] pseudonym[password] pseudonym[sis_user_id]
        pseudonym[integration_id] pseudonym[send_confirmation] pseudonym[force_self_registration]
        pseudonym[authentication_provider_id] communication_channel[type] communication_channel[address]
        communication_channel[confirmation_url] communication_channel[skip_confirmation] force_validations
        enable_sis_reactivation destination initial_enrollment_type pairing_code[code]
    """,
    "PUT users/{user_id}": f"""
        user[name] user[short_name] user[sortable_name] user[time_zone] user[email] user[locale] user[avatar][token]
        user[avatar][url] user[avatar][state] user[title] user[bio] user[pronunciation] user[pronouns] user[event]
        user[terms_of_use] {STICKINESS}
    """,
    "PUT accounts/{account_id}/logins/{login_id}": f"""
        login[unique_id] login[password] login[old_password] login[sis_user_id] login[integration_id]
        login[authentication_provider_id] login[workflow_state] login[declared_user_type] login[must_reset_password]
        {STICKINESS}
    """,
    "GET accounts/{account_id}/admins": "user_id[] search_term include_deleted",
    "POST accounts/{account_id}/admins": "user_id role role_id send_confirmation",
    "DELETE accounts/{account_id}/admins/{user_id}": "role role_id",
    "GET accounts/{account_id}/terms": "workflow_state[] term_name",
    "POST accounts/{account_id}/terms": TERM,
    "PUT accounts/{account_id}/terms/{term_id}": f"{TERM} {STICKINESS}",
    "GET courses": """
        enrollment_type enrollment_role enrollment_role_id enrollment_state exclude_blueprint_courses state[]
    """,
    "PUT users/{user_id}/colors/{asset}": "hexcode",
    "GET users/{user_id}/courses": "state[] enrollment_state homeroom account_id",
    "GET courses/{course_id}": "teacher_limit",
    "GET courses/{course_id}/assignment_groups": """
        assignment_ids[] exclude_assignment_submission_types[] override_assignment_dates grading_period_id
        scope_assignments_to_student
    """,
    "GET courses/{course_id}/assignments": """
        search_term override_assignment_dates needs_grading_count_by_section bucket assignment_ids[] order_by
        post_to_sis new_quizzes
    """,
    "GET courses/{course_id}/assignments/{assignment_id}": """
        override_assignment_dates needs_grading_count_by_section all_dates
    """,
    "PUT courses/{course_id}": f"""
        {COURSE} {STICKINESS} course[account_id] course[event] course[storage_quota_mb]
        course[syllabus_course_summary] course[image_id] course[image_url] course[remove_image]
        course[remove_banner_image] course[blueprint] course[blueprint_restrictions]
        course[use_blueprint_restrictions_by_object_type] course[blueprint_restrictions_by_object_type]
        course[homeroom_course] course[sync_enrollments_from_homeroom] course[homeroom_course_id] course[template]
        course[course_color] course[friendly_name] course[enable_course_paces] course[conditional_release]
    """,
    "DELETE courses/{course_id}": "event",
    "GET courses/{course_id}/permissions": "permissions[]",
    "GET accounts/{account_id}/courses": """
        with_enrollments enrollment_type[] enrollment_workflow_state[] published completed blueprint
        blueprint_associated public by_teachers[] by_subaccounts[] hide_enrollmentless_courses state[]
        enrollment_term_id[] search_term sort order search_by starts_before ends_after homeroom
    """,
    "POST accounts/{account_id}/courses": f"{COURSE} enroll_me skip_course_template enable_sis_reactivation",
    "GET courses/{course_id}/sections": "search_term",
    "POST courses/{course_id}/sections": f"{SECTION} enable_sis_reactivation",
    "PUT sections/{section_id}": f"{SECTION} {STICKINESS}",
    "POST sections/{section_id}/crosslist/{course_id}": STICKINESS,
    "DELETE sections/{section_id}/crosslist": STICKINESS,
    "GET courses/{course_id}/enrollments": f"{ENROLLMENTS} user_id",
    "GET sections/{section_id}/enrollments": f"{ENROLLMENTS} user_id",
    "GET users/{user_id}/enrollments": ENROLLMENTS,
    "POST courses/{course_id}/enrollments": ENROLL,
    "POST sections/{section_id}/enrollments": ENROLL,
    "DELETE courses/{course_id}/enrollments/{enrollment_id}": "task",
    "GET courses/{course_id}/users": PEOPLE_OF_COURSE,
    "GET courses/{course_id}/search_users": PEOPLE_OF_COURSE,
    "GET accounts/{account_id}/sis_imports": "created_since created_before workflow_state[]",
    "POST accounts/{account_id}/sis_imports": """
        import_type attachment pre_attachment[name] pre_attachment[<property>] extension batch_mode
        batch_mode_term_id multi_term_batch_mode skip_deletes override_sis_stickiness add_sis_stickiness
        clear_sis_stickiness update_sis_id_if_login_claimed diffing_data_set_identifier diffing_remaster_data_set
        diffing_drop_status diffing_user_remove_status batch_mode_enrollment_drop_status change_threshold
        diff_row_count_threshold
    """,
    "PUT accounts/{account_id}/sis_imports/{import_id}/restore_states": "batch_mode undelete_only unconclude_only",
    "GET accounts/{account_id}/sis_imports/{import_id}/errors": "failure",
    "GET accounts/{account_id}/sis_import_errors": "failure",
    "POST accounts/{account_id}/reports/provisioning_csv": """
        parameters[users] parameters[accounts] parameters[terms] parameters[courses] parameters[sections]
        parameters[enrollments] parameters[xlist] parameters[user_observers] parameters[admins]
        parameters[groups] parameters[group_membership] parameters[group_categories] parameters[include_deleted]
        parameters[created_by_sis] parameters[enrollment_term_id] parameters[enrollment_filter]
        parameters[enrollment_states]
    """,
    "POST users/{user_id}/observees": """
        observee[unique_id] observee[password] access_token pairing_code root_account_id
    """,
    "GET users/{user_id}/observer_alerts/unread_count": "student_id",
    "GET users/{user_id}/observer_alert_thresholds": "student_id",
    "POST users/{user_id}/observer_alert_thresholds": """
        observer_alert_threshold[alert_type] observer_alert_threshold[user_id] observer_alert_threshold[threshold]
    """,
    "PUT users/{user_id}/observer_alert_thresholds/{threshold_id}": "threshold",
    "PUT users/{user_id}/observees/{observee_id}": "root_account_id",
    "DELETE users/{user_id}/observees/{observee_id}": "root_account_id",
}
# Of these Canvas documents no parameter but `include[]` and what narrows a list that is always empty, or they are ours:
# whoever adds a call looks it up.
NOTHING_TO_SEND = frozenset(
    line.strip()
    for line in """
    GET documentation
    GET openapi
    GET
    GET accounts
    GET accounts/{account_id}
    GET accounts/{account_id}/terms_of_service
    GET accounts/{account_id}/authentication_providers
    PUT accounts/{account_id}/authentication_providers
    GET accounts/{account_id}/authentication_providers/{provider_id}
    DELETE accounts/{account_id}/sub_accounts/{sub_account_id}
    GET course_accounts
    GET accounts/{account_id}/help_links
    GET accounts/{account_id}/lti_apps/launch_definitions
    GET brand_variables
    GET career/experience_summary
    GET conversations
    POST conversations
    GET conversations/batches
    GET conversations/find_recipients
    GET conversations/unread_count
    GET search/recipients
    GET features/environment
    GET settings/environment
    GET users/{user_id}/settings
    GET users/{user_id}/colors
    GET users/{user_id}/colors/{asset}
    GET courses/{course_id}/features/enabled
    GET courses/{course_id}/front_page
    GET courses/{course_id}/assignments/{assignment_id}/submissions/{user_id}
    GET courses/{course_id}/grading_periods
    GET users/{user_id}
    DELETE users/{user_id}/sessions
    GET users/{user_id}/profile
    GET users/{user_id}/communication_channels
    DELETE accounts/{account_id}/users/{user_id}
    GET users/{user_id}/logins
    GET accounts/{account_id}/logins
    POST accounts/{account_id}/logins
    DELETE users/{user_id}/logins/{login_id}
    GET accounts/{account_id}/terms/{term_id}
    DELETE accounts/{account_id}/terms/{term_id}
    GET courses/{course_id}/users/{user_id}
    GET courses/{course_id}/tabs
    GET courses/{course_id}/settings
    GET courses/{course_id}/sections/{section_id}
    GET sections/{section_id}
    DELETE sections/{section_id}
    PUT sections/{section_id}/crosslist/{course_id}
    GET accounts/{account_id}/enrollments/{enrollment_id}
    GET courses/{course_id}/enrollments/{enrollment_id}
    PUT courses/{course_id}/enrollments/{enrollment_id}/reactivate
    POST courses/{course_id}/enrollments/{enrollment_id}/accept
    POST courses/{course_id}/enrollments/{enrollment_id}/reject
    POST users/{user_id}/observer_pairing_codes
    GET users/{user_id}/observees
    GET users/{user_id}/observees/{observee_id}
    GET users/{user_id}/observer_alerts/{student_id}
    PUT users/{user_id}/observer_alerts/{alert_id}/{state}
    GET users/{user_id}/observer_alert_thresholds/{threshold_id}
    DELETE users/{user_id}/observer_alert_thresholds/{threshold_id}
    GET users/{user_id}/observers
    GET users/{user_id}/observers/{observer_id}
    GET accounts/{account_id}/sis_imports/importing
    PUT accounts/{account_id}/sis_imports/abort_all_pending
    GET accounts/{account_id}/sis_imports/{import_id}
    PUT accounts/{account_id}/sis_imports/{import_id}/abort
    GET accounts/{account_id}/sis_imports/{import_id}/errors_attachment
    GET accounts/{account_id}/sis_imports/{import_id}/upload
    GET progress/{import_id}
    GET accounts/{account_id}/sis_sources
    PUT accounts/{account_id}/sis_sources
    GET accounts/{account_id}/reports
    GET accounts/{account_id}/reports/provisioning_csv
    GET accounts/{account_id}/reports/provisioning_csv/{report_id}
    DELETE accounts/{account_id}/reports/provisioning_csv/{report_id}
    GET accounts/{account_id}/reports/provisioning_csv/{report_id}/download
    """.strip().splitlines()
)
DOCUMENTED = {call: names.split() for call, names in PARAMETERS.items()}

COUNTS_OF_ACCOUNTS = "course_count sub_account_count"
ADDED_TO_COURSES = """
    needs_grading_count syllabus_body public_description total_scores current_grading_period_scores grading_periods
    term account course_progress sections storage_quota_used_mb total_students passback_status favorites teachers
    observed_users course_image banner_image concluded post_manually
"""
ADDED_TO_ENROLLMENTS = "avatar_url group_ids locked observed_users can_be_removed uuid current_points"
ADDED_TO_PEOPLE_OF_COURSES = """
    enrollments locked avatar_url test_student bio custom_links current_grading_period_scores uuid
"""
ADDED_TO_SECTIONS = "students avatar_url enrollments total_students passback_status"
# What the apps ask for besides.
BY_THE_APPS = "license is_public permissions settings grading_scheme tabs"
INCLUDES = {
    call: names.split()
    for call, names in {
        "GET accounts": f"lti_guid registration_settings services {COUNTS_OF_ACCOUNTS}",
        "GET accounts/{account_id}": f"lti_guid registration_settings services {COUNTS_OF_ACCOUNTS}",
        "GET accounts/{account_id}/sub_accounts": COUNTS_OF_ACCOUNTS,
        "GET accounts/{account_id}/users": "email avatar_url last_login time_zone uuid ui_invoked",
        "GET accounts/{account_id}/terms": "overrides course_count",
        "GET accounts/{account_id}/courses": """
            syllabus_body term course_progress storage_quota_used_mb total_students teachers account_name concluded
            post_manually
        """,
        "GET users/{user_id}": "uuid last_login",
        "GET users/{user_id}/courses": ADDED_TO_COURSES,
        "GET users/{user_id}/enrollments": ADDED_TO_ENROLLMENTS,
        "GET users/{user_id}/observees": "avatar_url",
        "GET users/{user_id}/observers": "avatar_url",
        "GET courses": f"{ADDED_TO_COURSES} {BY_THE_APPS}",
        "GET courses/{course_id}/assignment_groups": """
            assignments discussion_topic all_dates assignment_visibility grades_published observed_users submission
        """,
        "GET courses/{course_id}/assignments": """
            submission assignment_visibility all_dates overrides observed_users can_edit score_statistics ab_guid
        """,
        "GET courses/{course_id}/assignments/{assignment_id}": """
            submission assignment_visibility overrides observed_users can_edit score_statistics ab_guid
        """,
        "GET courses/{course_id}/assignments/{assignment_id}/submissions/{user_id}": """
            submission_history submission_comments submission_html_comments rubric_assessment full_rubric_assessment
            visibility course user read_status student_entered_score
        """,
        "GET courses/{course_id}": f"{ADDED_TO_COURSES} {BY_THE_APPS} all_courses lti_context_id",
        "GET courses/{course_id}/users": f"{ADDED_TO_PEOPLE_OF_COURSES} email observed_users",
        "GET courses/{course_id}/search_users": ADDED_TO_PEOPLE_OF_COURSES,
        "GET courses/{course_id}/users/{user_id}": ADDED_TO_PEOPLE_OF_COURSES,
        "GET courses/{course_id}/sections": ADDED_TO_SECTIONS,
        "GET courses/{course_id}/sections/{section_id}": f"{ADDED_TO_SECTIONS} permissions",
        "GET sections/{section_id}": f"{ADDED_TO_SECTIONS} permissions",
        "GET courses/{course_id}/enrollments": ADDED_TO_ENROLLMENTS,
        "GET sections/{section_id}/enrollments": ADDED_TO_ENROLLMENTS,
    }.items()
}
