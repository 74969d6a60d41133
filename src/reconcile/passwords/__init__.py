"""First passwords: made of French words, and sealed to the network's age keys before the account they open exists.

A password leaves this package to the tenant and to the federation it belongs to, and to nobody else.
"""
