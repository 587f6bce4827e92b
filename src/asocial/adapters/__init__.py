"""Floor 3: one package per technology. Siblings never import each other."""
