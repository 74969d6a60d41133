"""The board's two commands: ``report`` fills a folder with pages, ``serve`` answers for them."""
