"""Messages the new server refused: why, and what repairs them without losing anything.

What cannot be repaired is listed with its reason, never dropped.
"""
