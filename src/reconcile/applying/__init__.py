"""Carry a plan out: walk the change graph, journal, resume."""
