package catalog

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// What a statement keeps is counted, by estimates; rows on their way through
// a plan are not. So the process's heap is looked at, too: more often the
// more a statement asks for.

const (
	// softHeap is what the heap may have before it is collected at once.
	softHeap = 3 * MaxMemory
	// maxHeap is what the heap may have after that while a statement runs.
	maxHeap = 6 * MaxMemory
	// lookEvery is how many steps, and lookAfter how many bytes of values
	// held, go by between two looks at the heap.
	lookEvery = 16 * checkEvery
	lookAfter = MaxMemory / 4
)

// LimitHeap makes the process collect its garbage early once it has as much
// as statements may keep, rather than let it double. It is for a process that
// begins to run statements.
func LimitHeap() { debug.SetMemoryLimit(softHeap) }

// checkHeap fails when the process's heap is too big for the statement to go on.
func checkHeap() error {
	if heapSize() <= maxHeap {
		return nil
	}
	runtime.GC()
	if heapSize() <= maxHeap {
		return nil
	}
	return outOfMemory()
}

// heapSize is what objects take, live or not collected yet, in bytes.
func heapSize() uint64 {
	sample := [1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
