"""What the models say of themselves: a JSON Schema for editors, and the reference of every key as a page.

Both are committed, and CI refuses one that lags behind the models.
"""
