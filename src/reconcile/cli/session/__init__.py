"""What one call of the command has: its environment, folders, settings, credentials, clock, signals and exit codes.

Nothing here knows a provider or a plan.
"""
