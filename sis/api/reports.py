"""Reports: the provisioning report, asked for, looked after and downloaded as Canvas's clients do."""

from __future__ import annotations

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_noop

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.ids import condition
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, not_served
from accounts.models import Account
from sis.access import check_takes_reports
from sis.account_reports import FILES, check_may_see_reports, create_report, download
from sis.api.bodies import file_body
from sis.api.body_types import KindOfReportBody, ReportBody
from sis.models import ProvisioningReport

NAME = "provisioning_csv"
PATH = "/api/v1/accounts/{account}/reports/provisioning_csv/{pk}/download"

endpoint = in_group("Reports")

PARTS = {name: Flag(f"parameters[{name}]", f"With {name}.csv.") for name in FILES}
DELETED = Flag("parameters[include_deleted]", "With what was deleted.")
NOT_OF_REPORTS = (
    *not_served(
        gettext_noop("There are no groups here."),
        *("parameters[groups]", "parameters[group_membership]", "parameters[group_categories]"),
        fits=("false",),
    ),
    *not_served(gettext_noop("A report is about all terms."), "parameters[enrollment_term_id]"),
    *not_served(
        gettext_noop("A report is about all records, whoever made them."), "parameters[created_by_sis]", fits=("false",)
    ),
    *not_served(
        gettext_noop("A report has all enrollments."),
        *("parameters[enrollment_filter]", "parameters[enrollment_states]"),
    ),
)


@endpoint()
def kinds(request: ApiRequest, account_id: str) -> list[KindOfReportBody]:
    """List the kinds of reports: there is one."""
    root = _root(request, account_id)
    last = ProvisioningReport.objects.filter(account=root).order_by("-id").first()
    body: KindOfReportBody = {
        "report": NAME,
        "title": "Provisioning",
        "parameters": {name: {"description": part.meaning, "required": False} for name, part in PARTS.items()},
        "last_run": _body(request, last) if last else None,
    }
    return [body]


@endpoint(*PAGING)
def index(request: ApiRequest, account_id: str) -> list[ReportBody]:
    """List the provisioning reports that were asked for, the last first."""
    found = ProvisioningReport.objects.filter(account=_root(request, account_id)).order_by("-id")
    return [_body(request, report) for report in page_of(request, found)]


@endpoint(*PARTS.values(), DELETED, *NOT_OF_REPORTS)
def create(request: ApiRequest, account_id: str) -> ReportBody:
    """Ask for a provisioning report: it is there at once, and its file says what is so when it is downloaded."""
    root, given = _root(request, account_id), request.params
    files = [name for name, part in PARTS.items() if given[part]]
    return _body(request, create_report(root, files, include_deleted=given[DELETED], by=request.user))


@endpoint()
def show(request: ApiRequest, account_id: str, report_id: str) -> ReportBody:
    """Show a report that was asked for, with the address of its file."""
    return _body(request, _report(_root(request, account_id), report_id))


@endpoint()
def remove(request: ApiRequest, account_id: str, report_id: str) -> ReportBody:
    """Forget a report."""
    report = _report(_root(request, account_id), report_id)
    body: ReportBody = {**_body(request, report), "status": "deleted"}
    report.delete()
    return body


@endpoint(produces="*/*")
def file(request: ApiRequest, account_id: str, report_id: str) -> HttpResponseBase:
    """Download the file of a report, with the caller's token: CSV, or an archive of several CSV files."""
    report = _report(_root(request, account_id), report_id)
    return FileResponse(download(report, by=request.user), as_attachment=True, filename=report.file_name)


def _root(request: ApiRequest, account_id: str) -> Account:
    root = account(request, account_id)
    check_takes_reports(root)
    check_may_see_reports(root, by=request.user)
    return root


def _report(root: Account, text: str) -> ProvisioningReport:
    found = ProvisioningReport.objects.filter(account=root, **condition(text, {})).first()
    if found is None:
        raise Http404
    return found


def _body(request: ApiRequest, report: ProvisioningReport) -> ReportBody:
    path = PATH.format(account=report.account_id, pk=report.pk)
    attachment = file_body(request, report.pk, report.file_name, path)
    return {
        "id": report.pk,
        "report": NAME,
        "status": "complete",
        "progress": 100,
        "current_line": None,
        "created_at": report.created_at,
        "started_at": report.created_at,
        "ended_at": report.created_at,
        "parameters": {**dict.fromkeys(report.files, True), "include_deleted": report.include_deleted},
        "file_url": attachment["url"],
        "attachment": attachment,
    }
