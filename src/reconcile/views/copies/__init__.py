"""Copies of mail made visible: before, while they run, afterwards, and as figures for programs.

Functions of what ``mailcopy`` tells; a terminal's width is an argument.
"""
