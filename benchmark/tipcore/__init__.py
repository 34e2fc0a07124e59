"""What everything rests on and a method may import: errors, files written whole, processes, digests, systems."""
