"""Addresses, kinds (declared once) and the desired resources of a set of federations. Pure."""
