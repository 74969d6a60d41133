"""What a set of federations asks of the world: YAML in, desired resources out. Pure.

One module for each thing a federation asks for; ``federations`` puts them together, ``context`` is what they share.
"""
