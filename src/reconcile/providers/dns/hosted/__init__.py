"""Zones at a host that takes no RFC 2136 updates: our records alone, through octoDNS's providers."""
