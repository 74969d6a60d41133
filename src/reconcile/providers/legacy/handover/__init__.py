"""Handing over an old host's own delivery: a federation's mail is sent on by its MX there, no longer kept; proved."""
