"""DNS by dynamic update (RFC 2136): touch only our records, refuse if they moved."""
