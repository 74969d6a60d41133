"""The copier, between real IMAP servers."""
