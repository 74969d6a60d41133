"""The board: a migration as pages of HTML, the same for a folder of files and for a server.

Functions of frozen data: nothing here reads a file of the project, a clock or a network. What is asked for is in
``model``, what is given back in ``site``.
"""
