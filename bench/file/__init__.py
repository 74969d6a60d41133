"""The workbook out and back, beside the libraries that write and read the same cells bare."""
