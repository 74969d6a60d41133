"""Reading what an old host holds: one module for each place it may be read from, put together in ``gathering``.

``contract`` is what a source gives · ``csv_file``, ``sql``, ``command``, ``ovh`` list addresses · ``doveadm`` lists
mailboxes and weighs them · ``imap`` weighs those it is told of · ``sieve`` reads a filter · ``gathering`` makes one
inventory of all that.
"""
