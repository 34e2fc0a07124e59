"""What only Linux can do: a process is put behind the fence and watched there."""
