"""Methods for flag_aggregation: one file each, named as its config."""
