"""The places of the network: what PopStructure said of each on one day, how that changed, and where it is incomplete.

Federation files name a structure by its Atrium number; what the address book and signatures show of it comes from here.
"""
