"""The shapes of what the API says of people, accounts and roles: what the functions in bodies.py return.

The OpenAPI schema is made from them; a key that may be missing is NotRequired, with the reason beside it.
"""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
from datetime import datetime
from typing import Literal, NotRequired, TypedDict


class UserBody(TypedDict):
    """A person, as far as the reader may know them."""

    id: int
    name: str
    created_at: datetime
    sortable_name: str
    short_name: str
    # Only when somebody has said them.
    pronouns: NotRequired[str | None]
    # With read_sis.
    sis_user_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    # With view_user_logins, the email on request.
    login_id: NotRequired[str | None]
    email: NotRequired[str | None]
    avatar_url: NotRequired[None]
    # On request, the last sign-in and the time zone for whoever may read the login; profiles always have the latter.
    uuid: NotRequired[str]
    last_login: NotRequired[datetime | None]
    time_zone: NotRequired[str | None]


class OwnPermissions(TypedDict):
    """What people may change of themselves in the apps."""

    can_update_name: bool
    can_update_avatar: bool
    limit_parent_app_web_access: bool


class OwnBody(UserBody):
    """What people read of themselves."""

    locale: str | None
    effective_locale: str
    permissions: OwnPermissions


class ShownUserBody(UserBody):
    """Another person, as one reads their record."""

    # With view_user_logins.
    locale: NotRequired[str | None]
    effective_locale: NotRequired[str]
    permissions: NotRequired[OwnPermissions]


class ProfileBody(UserBody):
    """A profile, as the apps read it at start-up."""

    locale: str | None
    effective_locale: str
    title: None
    bio: None
    k5_user: bool
    # With view_user_logins.
    primary_email: NotRequired[str | None]


class AccountBody(TypedDict):
    """An account of the tree."""

    id: int
    name: str
    workflow_state: str
    parent_account_id: int | None
    root_account_id: int | None
    default_time_zone: str
    course_template_id: None
    uuid: str
    default_storage_quota_mb: int
    default_user_storage_quota_mb: int
    default_group_storage_quota_mb: int
    # With read_sis.
    sis_account_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    # On request, the courses for whoever sees their list.
    course_count: NotRequired[int]
    sub_account_count: NotRequired[int]


class TermsBody(TypedDict):
    """The terms of use."""

    id: int
    terms_type: Literal["custom", "default"]
    passive: bool
    account_id: int
    content: str | None
    self_registration_type: str


class ProviderBody(TypedDict):
    """A way to sign in."""

    id: int
    auth_type: str
    account_id: int
    position: int
    self_registration: str
    jit_provisioning: bool


class PermissionSetting(TypedDict):
    """What a role may do in an account, of one permission."""

    enabled: bool
    locked: bool
    readonly: bool
    explicit: bool
    # Where it is set here: what it would be otherwise.
    prior_default: NotRequired[bool]
    # Where it is on.
    applies_to_self: NotRequired[bool]
    applies_to_descendants: NotRequired[bool]


class RoleBody(TypedDict):
    """A role, with what it may do in the account asked for."""

    id: int
    label: str
    role: str
    base_role_type: str
    base_role_type_label: str
    is_account_role: bool
    workflow_state: str
    created_at: datetime
    last_updated_at: datetime
    account: AccountBody | None
    permissions: dict[str, PermissionSetting]


class RootBody(TypedDict):
    """Where to read on."""

    name: str
    version: str
    documentation: str
    reference: str
    openapi: str


class OwnSettings(TypedDict):
    """What people can set in Canvas about how they are shown it; the same for everybody here."""

    manual_mark_as_read: bool
    collapse_global_nav: bool
    collapse_course_nav: bool
    hide_dashcard_color_overlays: bool
    release_notes_badge_disabled: bool
    comment_library_suggestions_enabled: bool
    elementary_dashboard_disabled: bool


class CalendarLimits(TypedDict):
    """How many calendars one may ask for at once."""

    calendar_contexts_limit: int


class ExperienceBody(TypedDict):
    """Which kind of app people use."""

    current_app: Literal["academic"]
    available_apps: list[Literal["academic"]]


class HelpLinksBody(TypedDict):
    """The help menu of the apps."""

    help_link_name: str
    help_link_icon: str
    default_help_links: list[str]
    custom_help_links: list[str]


class ColorsBody(TypedDict):
    """Colors, by what they are for."""

    custom_colors: dict[str, str]


class ColorBody(TypedDict):
    """A color."""

    hexcode: str


class UnreadBody(TypedDict):
    """How many messages are unread, as a text."""

    unread_count: str
