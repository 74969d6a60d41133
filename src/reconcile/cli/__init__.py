"""The command line: parse, wire the concrete providers, call a view."""
