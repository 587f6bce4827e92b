"""The use cases, written against ports. No technology is named here."""
