"""One module or folder per outside system. base.py is the contract they keep."""
