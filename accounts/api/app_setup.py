"""What the Canvas apps ask for when they start, about things that are the same for everybody here, or not here at all.

They expect an answer in Canvas's form to each of these, and some of their screens fail over an error.
"""

from __future__ import annotations

from accounts.api.body_types import CalendarLimits, ExperienceBody, HelpLinksBody, OwnSettings
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import account, check_is_own

endpoint = in_group("What the apps ask for")

# How many courses, people or accounts one may ask a calendar of at once.
CALENDAR_CONTEXTS = 10
# The colors of static/css/tokens.css, by the names that Canvas's themes have for them.
ACCENT, INK, ON_ACCENT, SURFACE = "#0b6158", "#1b2422", "#ffffff", "#ffffff"
THEME = {
    "ic-brand-primary": ACCENT,
    "ic-brand-font-color-dark": INK,
    "ic-link-color": ACCENT,
    "ic-link-decoration": "underline",
    "ic-brand-button--primary-bgd": ACCENT,
    "ic-brand-button--primary-text": ON_ACCENT,
    "ic-brand-button--secondary-bgd": INK,
    "ic-brand-button--secondary-text": ON_ACCENT,
    "ic-brand-global-nav-bgd": ACCENT,
    "ic-brand-global-nav-ic-icon-svg-fill": ON_ACCENT,
    "ic-brand-global-nav-ic-icon-svg-fill--active": ACCENT,
    "ic-brand-global-nav-menu-item__text-color": ON_ACCENT,
    "ic-brand-global-nav-menu-item__text-color--active": ACCENT,
    "ic-brand-global-nav-avatar-border": ON_ACCENT,
    "ic-brand-global-nav-menu-item__badge-bgd": SURFACE,
    "ic-brand-global-nav-menu-item__badge-text": ACCENT,
    "ic-brand-global-nav-logo-bgd": ACCENT,
    "ic-brand-header-image": "",
    "ic-brand-mobile-global-nav-logo": "",
}


@endpoint(public=True)
def theme(request: ApiRequest) -> dict[str, str]:
    """Tell the colors of the site, by Canvas's names for them."""
    return THEME


@endpoint()
def features(request: ApiRequest) -> dict[str, bool]:
    """Tell which of Canvas's features are switched on for everybody: none."""
    return {}


@endpoint()
def limits(request: ApiRequest) -> CalendarLimits:
    """Tell how many calendars one may ask for at once."""
    return {"calendar_contexts_limit": CALENDAR_CONTEXTS}


@endpoint()
def own_settings(request: ApiRequest, user_id: str) -> OwnSettings:
    """Show one's own settings, which are the same for everybody."""
    check_is_own(request, user_id)
    return {
        "manual_mark_as_read": False,
        "collapse_global_nav": False,
        "collapse_course_nav": False,
        "hide_dashcard_color_overlays": False,
        "release_notes_badge_disabled": True,
        "comment_library_suggestions_enabled": False,
        "elementary_dashboard_disabled": True,
    }


@endpoint()
def experience(request: ApiRequest) -> ExperienceBody:
    """Tell which kind of app people use: the one for schools."""
    return {"current_app": "academic", "available_apps": ["academic"]}


@endpoint()
def help_links(request: ApiRequest, account_id: str) -> HelpLinksBody:
    """List the links of the help menu: none."""
    account(request, account_id)
    return {"help_link_name": "Help", "help_link_icon": "help", "default_help_links": [], "custom_help_links": []}


@endpoint()
def tools(request: ApiRequest, account_id: str) -> list[str]:
    """List the outside tools that can be launched: none."""
    account(request, account_id)
    return []
