"""Federation files and settings: text to typed, located values. Pure but for reading files."""
