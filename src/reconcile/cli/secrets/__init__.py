"""``reconcile secrets``: first passwords, followed from the vault to the federations, and never shown."""
