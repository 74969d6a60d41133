"""The per-message record that makes a copy exactly-once, and how it is found again when it was lost.

Sources are named by (folder, UIDVALIDITY, UID), destinations by (UIDVALIDITY, UID).
"""
