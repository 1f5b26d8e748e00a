// Package proctitle shows in ps what a process is doing, by writing over the memory of its own command line. The
// launcher pads the command line (Pad) so that there is room.
//
// It is one of the two places of the project with unsafe code. Nothing may read os.Args after Init.
package proctitle

import (
	"os"
	"strings"
	"unsafe"
)

// Pad is an argument to append to a child's command line, to make room for titles.
var Pad = strings.Repeat(" ", 240)

// Title is the process's title. Its methods are for one goroutine at a time.
type Title struct {
	mem    []byte // the command line's memory; nil where there is none to write to
	prefix int    // length of the fixed beginning
	last   int    // length of the title that stands there now
}

// Init takes the memory of os.Args over and sets the title to prefix. Where the arguments do not lie in a row, titles
// are not shown.
func Init(prefix string) *Title {
	t := &Title{mem: argvMemory()}
	if t.mem != nil {
		clear(t.mem)
		t.SetPrefix(prefix)
	}
	return t
}

// argvMemory is the run of bytes that the kernel shows as the command line, without its last zero byte: ps reads on
// into the environment where that one is overwritten.
func argvMemory() []byte {
	if len(os.Args) < 2 {
		return nil
	}
	first := unsafe.StringData(os.Args[0])
	size := 0
	for _, a := range os.Args {
		if unsafe.Add(unsafe.Pointer(first), size) != unsafe.Pointer(unsafe.StringData(a)) {
			return nil
		}
		size += len(a) + 1
	}
	return unsafe.Slice(first, size-1)
}

// SetPrefix changes the fixed beginning, which Set leaves alone.
func (t *Title) SetPrefix(prefix string) {
	if t.mem == nil {
		return
	}
	t.prefix = copy(t.mem, prefix)
	t.finish(t.prefix)
}

// Set shows activity after the prefix.
func (t *Title) Set(activity string) {
	if t.mem == nil {
		return
	}
	t.finish(t.prefix + copy(t.mem[t.prefix:], activity))
}

// SetBytes is Set for callers that must not allocate.
func (t *Title) SetBytes(activity []byte) {
	if t.mem == nil {
		return
	}
	t.finish(t.prefix + copy(t.mem[t.prefix:], activity))
}

func (t *Title) finish(length int) {
	if length < t.last {
		clear(t.mem[length:t.last])
	}
	t.last = length
}
