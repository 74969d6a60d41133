"""How the emulated tenant behaves: delays, faults, quotas and chance, by profile and changeable while it runs.

Time is the virtual clock's; chance comes from one seed.
"""
