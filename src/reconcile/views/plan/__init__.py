"""A plan made visible to people: as text on a screen, as Markdown in a pull request.

Deletions come first in both; what is made for programs is in ``terraform``.
"""
