// Package shmem is the one memory segment that all processes of a node share: its file, its header with the
// index of named areas, and the few primitives that processes meet on (Spinlock, Latch, Broadcast).
//
// The segment's bytes:
//
//	offset  size  what
//	0       8     magic "WAYPSHM1"
//	8       4     layout version of this header (LayoutVersion)
//	12      4     number of areas
//	16      8     size of the segment, bytes
//	24      8     generation: 1 at the postmaster's start, one more after every crash restart
//	32      8     time of creation (xlog.TimestampTz)
//	40      4     the postmaster's process id
//	44      4     padding
//	48      64×n  the index: name (32 bytes, zero-padded), offset (8), size of one element (4), number of
//	              elements (4), fingerprint of the element's type (8), padding (8)
//	…             the areas, each beginning on a page of its own
//
// The postmaster creates the segment; every child maps the descriptor that it inherits, never a name, so two
// nodes or two generations cannot be mixed up. The file's name is for shmdump, which takes no lock and reads the
// segment of a live node as well as one that a killed node left behind.
//
// All of the project's unsafe code is here. The package must never put a Go pointer, a slice or anything whose
// size depends on the platform into the segment (Reserve refuses such types), must never allocate under a
// Spinlock, and must never map a file that anyone may truncate.
package shmem
