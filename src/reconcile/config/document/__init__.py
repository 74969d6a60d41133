"""The text of a federation file: YAML to a located tree and to typed values, and files written or rewritten by us.

What is wrong with the text itself, or with a key, is found here; what the values mean together, in ``rules``.
"""
