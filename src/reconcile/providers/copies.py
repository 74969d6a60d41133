"""Mail copies: what is queued, seen as resources."""
