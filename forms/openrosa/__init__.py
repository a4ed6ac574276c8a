"""The edge that ODK Collect speaks to: form list, manifest, files, submission, integrity
(collect-checklist sections 1-8).
"""
