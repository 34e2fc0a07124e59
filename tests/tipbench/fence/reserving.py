"""A library that reserves 1 GiB of memory and uses none of it."""

import mmap

HELD = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE)
