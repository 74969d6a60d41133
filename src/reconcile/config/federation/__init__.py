"""What a federation file may say: its sections, its values, and one that was read, with the line of everything in it.

Pure; how the text of a file becomes this is in ``document``.
"""
