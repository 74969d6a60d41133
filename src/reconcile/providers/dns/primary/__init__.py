"""The primary server: questions whose answers are judged, and RFC 2136 updates compared before and read back after.

Many questions at once over one TCP connection; TSIG or GSS-TSIG signs the updates.
"""
