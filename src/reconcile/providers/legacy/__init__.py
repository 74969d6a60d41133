"""The old mail hosts people leave: what they hold is read here, and they are locked, proved, and unlocked."""
