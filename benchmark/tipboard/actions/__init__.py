"""What the commands of the board do: imported by name once the arguments of the command are parsed."""
