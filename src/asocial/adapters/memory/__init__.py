"""The ports in this process's memory. This is the default and needs no other service."""
