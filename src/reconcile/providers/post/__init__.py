"""Letters as resources: each leaves once, whatever dies on the way.

``book`` remembers every sending, ``carriers`` hand letters over and find them again, ``bounces`` reads what came back.
"""
