"""Several server processes on one port (`asocial serve --processes`): the parent that keeps them, and their start."""
