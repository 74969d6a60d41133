"""The signature of the network: one rule of the tenant, built from the tokens that a probe has shown to work.

``proof`` is what a probe found, ``rule`` the text and the resource, ``probe`` the question a probe asks.
"""
