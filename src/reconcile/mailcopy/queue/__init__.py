"""The list of copies and the workers that share it: who copies what, when, and who takes over from the dead.

Only ``dispatch.py`` knows the job engine.
"""
