"""One module per verb of `anhu`: `add_arguments(parser)` and `run(options) -> exit status`."""
