package backend

import (
	"sync"
	"time"
)

// alarm is a timer that the session sets and stops for one statement after the other. It has one timer for all of them,
// made when it is set first. What it does it does in the timer's goroutine, which may come late: after stop, or when the
// alarm is set anew. So the moment that counts is the one in here, not the timer's.
type alarm struct {
	mu    sync.Mutex
	timer *time.Timer
	on    bool      // set and not stopped since, whether it has gone off or not
	due   time.Time // when it goes off; zero: it has
	do    func() (again time.Duration)
}

// set has do called after d, and again after what it gives, if that is not 0. An alarm that is on stays as it is.
func (a *alarm) set(d time.Duration, do func() (again time.Duration)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.on {
		return
	}
	a.on, a.do = true, do
	a.due = time.Now().Add(d)
	if a.timer == nil {
		a.timer = time.AfterFunc(d, a.ring)
		return
	}
	a.timer.Reset(d)
}

// ring is the timer's function. do runs under the lock: once stop has returned, nothing of it happens any more.
func (a *alarm) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.on || a.due.IsZero() || time.Now().Before(a.due) {
		return // it was meant for an earlier statement
	}
	again := a.do()
	if again == 0 {
		a.due = time.Time{}
		return
	}
	a.due = time.Now().Add(again)
	a.timer.Reset(again)
}

// stop ends it, whether it is on or not.
func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.on {
		return
	}
	a.on, a.do, a.due = false, nil, time.Time{}
	a.timer.Stop()
}
