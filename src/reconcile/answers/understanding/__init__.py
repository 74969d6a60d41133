"""Rows → decisions: what each address becomes, and what was remarked on the way. Pure.

A row with an error decides nothing: what the file of the federation says of that address stays.
"""
