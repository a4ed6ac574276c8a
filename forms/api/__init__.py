"""ODK Central's API v1 for projects, forms, submissions, entities and users
(odk/central-openapi.yaml).
"""
