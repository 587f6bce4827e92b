"""Floor 2: the use cases, written against ports. No technology is named here."""
