"""PURE: keys, encrypted records and the XForms that ask for them, by ODK's XForms encryption
specification (collect-checklist section 7). No Django.
"""
