"""Mailboxes as code: YAML federations reconciled with Microsoft 365, DNS and the old mail host."""

__version__ = "0.2.0"
