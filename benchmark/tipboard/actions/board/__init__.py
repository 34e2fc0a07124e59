"""What ``tipbench board`` does, one module per action."""
