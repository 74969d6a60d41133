"""What was last applied and what is ours: snapshots, journal, locks."""
