"""An authoritative DNS server on loopback: queries, transfers and signed updates. For demonstrations and tests."""
