"""Tables to files. PURE: no Django, no database; everything streams."""
