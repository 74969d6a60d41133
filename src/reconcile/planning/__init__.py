"""Three-way diff of desired, live and recorded resources. Pure; it is handed readers and cannot write."""
