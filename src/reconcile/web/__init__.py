"""The board, served: pages that follow the migration while it goes on.

Handed a function that looks at the migration and the words to tell it in; knows neither files nor settings. Only reads.
"""
