"""OData 4.0 services of forms and entity lists, as ODK Central offers them (read only, minimal conformance)."""
