"""What a run stands on, put together in one place: the store, the providers, federations prepared for a plan.

Commands stand above and choose from it; nothing below climbs back up for it.
"""
