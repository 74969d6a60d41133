"""What the tenant shows of each kind of resource: one module for the kinds that are read from the same lists.

Each function is handed the tenant and the resources wanted, and answers live, absent or unknown for every one of them.
"""
