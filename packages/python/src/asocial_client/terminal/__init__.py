"""The canvas in a terminal. It needs Textual (the extra `cli`), and nothing else of this package imports it."""
