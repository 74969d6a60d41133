"""What a plan is, and how it becomes a file and is read back.

Plain data that anything may show, save or apply; part of it may be chosen by address.
"""
