"""What a federation sends back: its completed workbook, read, understood row by row, and turned into its file.

A returned file is hostile until checked: ``reading`` runs in a child with bounds, what follows is pure.
"""
