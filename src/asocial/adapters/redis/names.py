"""The names of everything that Asocial keeps or publishes in Redis.

    keys      asocial:{tag}:what               asocial:NAMESPACE:{tag}:what
    pub/sub   asocial:{tag}                    asocial:@DATABASE:NAMESPACE:{tag}

Keys belong to one database. Pub/sub does not: Redis delivers to the subscribers of every database. So the names of
pub/sub hold the database, unless it is 0. A namespace is in both, for deployments that share a database (a Cluster has
only one).
"""

from __future__ import annotations

PREFIX = "asocial:"
"""The beginning of every name, so that one ACL pattern covers all of them."""


class Names:
    """Names with a hash tag. `database` is 0 or more; `namespace` has no colon, brace or `@`, and may be empty."""

    def __init__(self, database: int = 0, namespace: str = "") -> None:
        own = f"{namespace}:" if namespace else ""
        # A namespace cannot begin with @, so the default name of a database is never a namespace.
        self._keys = PREFIX + own
        self._topics = PREFIX + (f"@{database}:" if database else "") + own

    def key(self, tag: str, what: str) -> str:
        """A key. All keys of one tag are in one slot of a cluster."""
        return f"{self._keys}{{{tag}}}:{what}"

    def topic(self, tag: str) -> str:
        """A pub/sub channel."""
        return f"{self._topics}{{{tag}}}"
