"""How hard hospitals and the trust are pressed: figures, levels that people set, and what each level asks."""
