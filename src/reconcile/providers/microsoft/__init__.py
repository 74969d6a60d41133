"""Microsoft 365: Graph for the directory, Exchange for the mail."""
