"""Many mailboxes queued on one PostgreSQL."""
