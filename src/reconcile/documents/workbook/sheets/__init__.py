"""The four sheets, one module each, and how they look.

The only modules that know the library that writes workbooks.
"""
