"""The engine against its peer, run with ``make bench-engine``: plan and apply of 100 federations of 100 mailboxes."""
