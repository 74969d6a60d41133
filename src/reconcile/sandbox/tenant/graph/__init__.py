"""Microsoft Graph v1.0 as the emulated tenant serves it: strict about paths, parameters, properties and values.

One module per family of pages; ``routes.py`` says which answers which path.
"""
