"""Reading uploaded rosters: everything in them may be hostile, and nothing of them is ever whole in memory.

`uploads.open_upload` gives the files of an upload in the order in which they are to be applied, and
`passwords.strip_passwords` the copy of it that may be kept.
"""
