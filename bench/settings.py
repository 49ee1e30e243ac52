"""The site's settings, with the bare views to compare with beside its pages."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
