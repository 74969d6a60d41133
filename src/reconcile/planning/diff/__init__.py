"""What differs: desired, live and recorded, field by field.

Also what was renamed, what a rollback or a closing makes of a difference, and drift alone.
"""
