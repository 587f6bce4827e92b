"""The ports kept in this process's memory: the default, with no other service to run."""
