package authquery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// MaxPatience is how long one question may take at most: a client waits.
	MaxPatience = 5 * time.Second
	// pause is how long the upstream is left alone after it has not answered.
	pause = 5 * time.Second
	// maxAge is how old an answer may be that is used in place of one that cannot be had.
	maxAge = 24 * time.Hour
	// lockRetry is how often a session that waits for another's question looks whether it is done.
	lockRetry = 10 * time.Millisecond
)

// Source says whom to ask what.
type Source struct {
	DataDir  string
	Program  string // path of the program
	Conninfo string // secret
	Query    string
	TTL      time.Duration
	Patience time.Duration // for one question; every question has it whole, so that not the client decides what fails
}

// Lookup gives what the upstream says of a name, which is UTF-8. That the upstream is away must not keep those out who were
// let in a while ago: then the answer is an old one, if there was any, with the error. After any other error there is no
// answer: a client could bring it about, and must not choose by that what is believed.
func (s *Source) Lookup(ctx context.Context, name string) (a Answer, found bool, err error) {
	m := s.recall()
	if e := m.find(name); e.younger(s.TTL) {
		return e.answer, true, nil
	}
	if err = m.mayAsk(name, time.Now()); err == nil || errors.Is(err, errTooMany) {
		a, m, err = s.askInTurn(ctx, m, name)
	}
	if err == nil {
		return a, true, nil
	}
	if old := m.find(name); isAway(err) && old.younger(maxAge) {
		return old.answer, true, fmt.Errorf("%w; what it said at %s is used", err, old.fetched.UTC().Format(time.RFC3339))
	}
	return Answer{}, false, err
}

// isAway says whether an error tells of the upstream, not of the question or of who asks.
func isAway(err error) bool {
	var away *AwayError
	return errors.As(err, &away) || errors.Is(err, errPaused)
}

func (e *entry) younger(than time.Duration) bool {
	if e == nil {
		return false
	}
	age := time.Since(e.fetched)
	return age >= 0 && age < than
}

// askInTurn is askAlone, before which names that no known role has wait for their turn.
func (s *Source) askInTurn(ctx context.Context, m *memory, name string) (Answer, *memory, error) {
	if m.known.find(name) == nil {
		done, err := s.awaitTurn(ctx, name)
		if err != nil {
			return Answer{}, m, err
		}
		defer done()
	}
	return s.askAlone(ctx, name)
}

// awaitTurn waits until a question about a new name may be asked, for as long as there is time left to ask it then. Those
// who wait have a lock of their own, so that they are in nobody's way whose role is known, and all but one of them do
// nothing but wait for it.
func (s *Source) awaitTurn(ctx context.Context, name string) (done func(), err error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-s.Patience))
		defer cancel()
	}
	done, err = lock(ctx, filepath.Join(s.DataDir, turnFile))
	if err != nil {
		return nil, err
	}
	for {
		m := s.recall()
		if m.find(name).younger(s.TTL) || !errors.Is(m.mayAsk(name, time.Now()), errTooMany) {
			return done, nil
		}
		select {
		case <-ctx.Done():
			done()
			return nil, errTooMany
		case <-time.After(time.Until(m.absent.spent.Add(newNameEvery))):
		}
	}
}

// askAlone asks the upstream, while no other session does. It gives what is known then, too.
func (s *Source) askAlone(ctx context.Context, name string) (Answer, *memory, error) {
	unlock, err := lock(ctx, filepath.Join(s.DataDir, lockFile))
	if err != nil {
		return Answer{}, s.recall(), err
	}
	defer unlock()
	// Others may have asked while we waited.
	m := s.recall()
	if e := m.find(name); e.younger(s.TTL) {
		return e.answer, m, nil
	}
	a, err := s.ask(ctx, m, name)
	return a, m, err
}

var errLate = errors.New("the client has left no time to ask the upstream")

// ask asks the upstream and notes what came of it.
func (s *Source) ask(ctx context.Context, m *memory, name string) (Answer, error) {
	now := time.Now()
	if err := m.mayAsk(name, now); err != nil {
		return Answer{}, err
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(now) < s.Patience {
		return Answer{}, errLate
	}
	m.spend(name, now)
	a, err := s.run(ctx, name)
	m.absent.failed = time.Time{}
	var away *AwayError
	switch {
	case err == nil:
		a, err = m.learn(name, a, time.Now())
	case errors.As(err, &away):
		m.absent.failed = time.Now()
	}
	// What cannot be kept is asked for again.
	_ = m.absent.writeUnsynced(filepath.Join(s.DataDir, absentFile))
	return a, err
}

// lock has one session at a time ask: a flood of clients is not a flood of connections to the upstream.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, perm)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, errors.New("other sessions are still waiting for the upstream's answers")
		case <-time.After(lockRetry):
		}
	}
}
