"""How close the hot paths are to bare SQL on the same server, in the same run."""
