"""The pages where a county keeps its rules: one module for each tab (design.md §6, ux §6.4)."""
