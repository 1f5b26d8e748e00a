package backend

import (
	"sync"
	"time"

	"waypost/protocol"
)

// interrupt is the context in which a session's statements run, all of them in the same: it lasts as long as the session,
// so that a portal which is fetched from later can be interrupted by what comes then. It is done while something has
// interrupted the running statement, and begins anew with the next.
//
// The session's goroutine begins and ends; any goroutine may raise.
type interrupt struct {
	mu      sync.Mutex
	running bool
	reading bool // the statement waits for the client's next message: a cancel request is not meant for it
	number  int  // of the running statement: a timer that fires late means an earlier one
	done    chan struct{}
	closed  bool // done is
	cause   *protocol.Error
	byUser  bool // the cause is that somebody asked for it
}

// begin says that a statement runs, which may be interrupted from now on. It gives the statement's number.
func (i *interrupt) begin() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.running {
		i.running = true
		i.number++
		i.forgetLocked()
	}
	return i.number
}

// end says that no statement runs: what comes too late is not meant for the next one.
func (i *interrupt) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.running = false
	i.forgetLocked()
}

// forgetLocked drops what was raised for an earlier statement. A cancel request is meant for all of the client's message,
// and so for the next statement in it, too.
func (i *interrupt) forgetLocked() {
	if !i.byUser {
		i.cause = nil
		i.renewLocked()
	}
}

// read says that the session waits for the client, or that it does no more. A cancel request that has come too late for
// what was done before is not meant for what comes next.
func (i *interrupt) read(reading bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.reading = reading
	if reading && i.byUser {
		i.cause, i.byUser = nil, false
		i.renewLocked()
	}
}

// renewLocked makes the context one that is not done.
func (i *interrupt) renewLocked() {
	if i.closed {
		i.done, i.closed = nil, false
	}
}

// cancel interrupts what the session does for the client, if that is anything, because somebody asked for it.
func (i *interrupt) cancel() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.reading && i.cause == nil {
		i.raiseLocked(errCanceled("user request"))
		i.byUser = true
	}
}

// terminate interrupts the running statement for good: the session is to end with e. It says whether there is one.
func (i *interrupt) terminate(e *protocol.Error) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.running || i.reading {
		return false
	}
	i.raiseLocked(e)
	return true
}

// raiseFor interrupts the statement of a number, if it still runs. What ends the session outranks what ends the statement.
func (i *interrupt) raiseFor(number int, e *protocol.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.running && number == i.number {
		i.raiseLocked(e)
	}
}

func (i *interrupt) raiseLocked(e *protocol.Error) {
	if i.cause == nil || i.cause.Severity != protocol.SeverityFatal {
		i.cause, i.byUser = e, false
	}
	if i.done != nil && !i.closed {
		close(i.done)
	}
	i.closed = i.done != nil
}

// raised is what has interrupted the running statement, nil for nothing. (PostgreSQL: CHECK_FOR_INTERRUPTS)
func (i *interrupt) raised() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cause == nil {
		return nil
	}
	return i.cause
}

// Done is context.Context's.
func (i *interrupt) Done() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.done == nil {
		i.done = make(chan struct{})
		if i.cause != nil {
			close(i.done)
			i.closed = true
		}
	}
	return i.done
}

// Err is context.Context's.
func (i *interrupt) Err() error { return i.raised() }

// Deadline is context.Context's: statements have timers, which say why.
func (i *interrupt) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value is context.Context's.
func (i *interrupt) Value(any) any { return nil }

func errCanceled(why string) *protocol.Error {
	return protocol.Errorf(protocol.CodeQueryCanceled, "canceling statement due to %s", why)
}
