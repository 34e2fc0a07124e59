"""What ``tipbench course`` does, imported once its arguments are parsed."""
