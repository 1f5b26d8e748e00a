package logger

import (
	"sync"

	"waypost/internal/logging"
)

// maxQueued is how much is kept for a disk that takes nothing, bytes, of each form; batchSize is about how much of it is
// written at once.
const (
	maxQueued = 8 << 20
	batchSize = 64 << 10
)

// queues are what has come and was not written yet, of each form by itself: one that cannot be written holds up no other.
type queues struct {
	ready chan struct{} // has an element when there is something to take, or the end has come
	of    [logging.NumDestinations]queue
}

func newQueues() *queues { return &queues{ready: make(chan struct{}, 1)} }

// push adds an event, or drops it where too much waits: false. It never waits, but for a moment.
func (q *queues) push(event []byte, to logging.Destination) bool {
	ok := q.of[to].push(event)
	q.wake()
	return ok
}

func (q *queues) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// close says that nothing more will come.
func (q *queues) close() {
	for to := range q.of {
		q.of[to].close()
	}
	q.wake()
}

// over says that all was written and nothing more will come.
func (q *queues) over() bool {
	for to := range q.of {
		if !q.of[to].over() {
			return false
		}
	}
	return true
}

// ending says that nothing more will come.
func (q *queues) ending() bool { return q.of[logging.ToText].ending() }

// queue is one form's.
type queue struct {
	mu     sync.Mutex // guards the fields below
	list   [][]byte   // batches of whole events
	size   int
	lost   int // events that found no room
	closed bool
}

func (q *queue) push(event []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.size+len(event) > maxQueued {
		q.lost++
		return false
	}
	q.size += len(event)
	if last := len(q.list) - 1; last >= 0 && len(q.list[last])+len(event) <= batchSize {
		q.list[last] = append(q.list[last], event...)
	} else {
		q.list = append(q.list, append([]byte(nil), event...))
	}
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// first gives the batch to be written next, without taking it off. False: there is none now.
func (q *queue) first() ([]byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return nil, false
	}
	// It must not grow while it is being written.
	b := q.list[0]
	if len(q.list) == 1 {
		q.list = append(q.list, nil)
	}
	return b, true
}

// written takes the first batch off.
func (q *queue) written() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size -= len(q.list[0])
	q.list[0] = nil
	q.list = q.list[1:]
	if len(q.list) == 1 && len(q.list[0]) == 0 {
		q.list = nil
	}
}

// takeLost gives how many events found no room since the last time.
func (q *queue) takeLost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lost
	q.lost = 0
	return n
}

func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.list) == 0
}

func (q *queue) ending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
