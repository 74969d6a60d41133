"""The end of a migration: the last pass asked for, the closing made, both kept in a book.

``book`` keeps what was asked and found · ``provider`` reads and writes the kinds last_pass and closing.
"""
