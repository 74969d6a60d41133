"""The messages of a folder: which there are, their dates, flags, headers and bodies.

Read in blocks or as streams; nothing is held whole.
"""
