package logger

import (
	"sync"

	"waypost/internal/logging"
)

// maxQueued is how much is kept for a disk that takes nothing, bytes; batchSize is about how much of it is written at once.
const (
	maxQueued = 16 << 20
	batchSize = 64 << 10
)

// batch is whole events for one file.
type batch struct {
	text []byte
	to   logging.Destination
}

// queue is what has come and was not written yet.
type queue struct {
	ready chan struct{} // has an element when there is something to take, or the end has come

	mu     sync.Mutex // guards the fields below
	list   []batch
	size   int
	lost   int // events that found no room
	closed bool
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

// push adds an event, or drops it where too much waits. It never waits, but for a moment.
func (q *queue) push(event []byte, to logging.Destination) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.size+len(event) > maxQueued {
		q.lost++
		return
	}
	q.size += len(event)
	if last := len(q.list) - 1; last >= 0 && q.list[last].to == to && len(q.list[last].text)+len(event) <= batchSize {
		q.list[last].text = append(q.list[last].text, event...)
	} else {
		q.list = append(q.list, batch{append([]byte(nil), event...), to})
	}
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// close says that nothing more will come.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake()
}

// first gives what is to be written next, without taking it off. nil: there is nothing now.
func (q *queue) first() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return nil
	}
	// Its text must not grow while it is being written.
	b := q.list[0]
	if len(q.list) == 1 {
		q.list = append(q.list, batch{to: b.to})
	}
	return &b
}

// written takes the first batch off.
func (q *queue) written() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size -= len(q.list[0].text)
	q.list[0] = batch{}
	q.list = q.list[1:]
	if len(q.list) == 1 && len(q.list[0].text) == 0 {
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

// over says that all was written and nothing more will come.
func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.list) == 0
}

// ending says that nothing more will come.
func (q *queue) ending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
