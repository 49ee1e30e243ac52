"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

# Of all that runs here only this may reach the database through a pooler: see the settings.
os.environ["SERVES_PAGES"] = "true"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
