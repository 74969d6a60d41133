"""Where the list of copies and the ledgers are kept: SQLite files of one host, or a PostgreSQL that several share.

Knows nothing of mail: statements in, rows out.
"""
