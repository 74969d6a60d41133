"""A plan, a run or a status made visible. Functions of their arguments; nothing here prints."""
