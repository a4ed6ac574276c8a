"""What is told in rows: which columns, which rows a reader may see. Writers turn a Table into a file."""
