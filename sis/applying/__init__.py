"""How the staged rows of each kind of file change the records: set by set, in SQL."""
