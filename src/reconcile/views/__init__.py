"""A plan, a run or a status made visible. Functions of their arguments; nothing here prints.

``wording`` says how values, moments and counts are said everywhere.
"""
