"""`python -m config.throwaway_database [--durable] -- CMD ...` runs CMD on a database server of its own, for once."""

import sys

from config.embedded_database import NAME
from embedded_postgres import throwaway


def environment(folder: str) -> dict[str, str]:
    """Return the site's settings there: nothing of production, and not the data folder that is kept."""
    return {"DEMO": "true", "DATA_DIR": folder}


if __name__ == "__main__":
    sys.exit(throwaway.main(sys.argv[1:], database=NAME, environment=environment))
