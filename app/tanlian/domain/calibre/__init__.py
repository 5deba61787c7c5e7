"""One emission by several calibres: calculated, measured, declared; where they part and why."""
