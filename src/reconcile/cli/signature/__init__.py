"""``reconcile signature``: which tokens the tenant fills in, and what each person's messages will end with."""
