"""One writer per kind of resource: writes the least, then reads back until the tenant agrees.

Refusals name the address they concern.
"""
