"""What a member or an auditor does, one module a subject."""
