"""Locking a federation out of its old host: a driver for each way, one proof for all, and exactly what was put back.

``driver`` is what a way gives · ``deny_file``, ``sql``, ``command``, ``by_hand`` are the ways · ``kept`` seals what SQL
changes · ``sessions`` ends what is open · ``canary`` tries both halves · ``provider`` reads and writes the kind lock.
"""
