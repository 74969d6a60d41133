"""DNS: our own records inside zones somebody else owns, read and changed on their primary (RFC 2136)."""
