"""``reconcile dns``: what was changed in the zones taken back, and which servers show it.

``output`` says a survey as lines and as JSON.
"""
