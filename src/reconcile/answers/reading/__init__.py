"""A returned file's cells, whatever program wrote it; nothing in it is executed or fetched.

Bytes in, a plain table out. Runs in a child process: one of these libraries may abort, or never end.
"""
