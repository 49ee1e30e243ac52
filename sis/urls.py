"""The pages of rosters."""

from django.urls import path

from sis.views import files, imports, index

PAGE = "accounts/<int:account_id>/sis_import"
IMPORT = f"{PAGE}/<int:import_id>"

urlpatterns = [
    path(PAGE, index.index, name="sis_imports"),
    path(f"{PAGE}/deletion_brake", index.brake, name="sis_brake"),
    path(f"{PAGE}/schedule", index.schedule, name="sis_schedule"),
    path(IMPORT, imports.show, name="sis_import"),
    path(f"{IMPORT}/progress", imports.progress, name="sis_import_progress"),
    path(f"{IMPORT}/stop", imports.stop, name="sis_import_stop"),
    path(f"{IMPORT}/again", imports.ImportAgain.view(), name="sis_import_again"),
    path(f"{IMPORT}/take_back", imports.TakeBack.view(), name="sis_import_take_back"),
    path(f"{IMPORT}/messages.csv", files.messages, name="sis_import_messages"),
    path(f"{IMPORT}/upload", files.upload, name="sis_import_upload"),
    path("accounts/<int:account_id>/user_observers", files.links, name="export_links"),
]
