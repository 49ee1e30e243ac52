"""OneRoster and Microsoft School Data Sync, as the Canvas files that they amount to.

`recognising` tells which of them an upload is and puts it together; `source` holds its files; `rows`, `holders` and
`guardians` say what becomes of what; `oneroster` and `sds` know how the two differ. `telling_apart` knows which uploads
come from the same source.
"""
