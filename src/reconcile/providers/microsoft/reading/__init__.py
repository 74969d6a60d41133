"""The tenant read in bulk, as typed records and as the fields a plan compares.

Each list is read once a run; what could not be read is unknown, never absent.
"""
