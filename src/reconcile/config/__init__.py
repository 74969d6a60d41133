"""Federation files and settings: text to typed, located values. Pure but for reading files.

``load`` puts the rooms together: documents read, federations typed, settings applied, rules judged.
"""
