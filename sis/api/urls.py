"""The API of the sis app."""

from django.urls import path

from accounts.api.endpoints import methods
from sis.api import imports, reports

IMPORTS = "accounts/<str:account_id>/sis_imports"
REPORTS = "accounts/<str:account_id>/reports"
IMPORT = f"{IMPORTS}/<str:import_id>"

urlpatterns = [
    path(IMPORTS, methods(GET=imports.index, POST=imports.create)),
    path(f"{IMPORTS}/importing", methods(GET=imports.importing)),
    path(f"{IMPORTS}/abort_all_pending", methods(PUT=imports.stop_all)),
    path(IMPORT, methods(GET=imports.show)),
    path(f"{IMPORT}/abort", methods(PUT=imports.stop)),
    path(f"{IMPORT}/restore_states", methods(PUT=imports.take_back)),
    path(f"{IMPORT}/errors", methods(GET=imports.errors)),
    path(f"{IMPORT}/errors_attachment", methods(GET=imports.errors_attachment)),
    path(f"{IMPORT}/upload", methods(GET=imports.upload)),
    path("accounts/<str:account_id>/sis_import_errors", methods(GET=imports.errors)),
    path(REPORTS, methods(GET=reports.kinds)),
    path(f"{REPORTS}/provisioning_csv", methods(GET=reports.index, POST=reports.create)),
    path(f"{REPORTS}/provisioning_csv/<str:report_id>", methods(GET=reports.show, DELETE=reports.remove)),
    path(f"{REPORTS}/provisioning_csv/<str:report_id>/download", methods(GET=reports.file)),
    path("accounts/<str:account_id>/sis_sources", methods(GET=imports.sources, PUT=imports.schedule)),
    path("progress/<str:import_id>", methods(GET=imports.progress)),
]
