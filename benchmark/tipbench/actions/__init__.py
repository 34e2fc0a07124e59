"""What the commands do: one module per command, imported by name once the arguments of that command are parsed."""
