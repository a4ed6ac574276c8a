"""OData's $filter and $orderby: read by `grammar` (pure), turned into conditions on rows by `conditions`."""
