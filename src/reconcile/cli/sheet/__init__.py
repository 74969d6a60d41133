"""``reconcile sheet``: the workbook that federations complete.

Out from the inventory and the files, back into the files, and who answered. What a file holds is understood in
``reconcile.answers``; here are the folders, the child that reads, and what is printed.
"""
