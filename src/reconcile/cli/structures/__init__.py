"""``reconcile structures``: what PopStructure says of the network's places, read, shown and compared."""
