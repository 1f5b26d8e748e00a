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
	// patience is how long one question may take at most: a client waits.
	patience = 5 * time.Second
	// pause is how long the upstream is left alone after it has not answered.
	pause = 5 * time.Second
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
}

// Lookup gives what the upstream says of a name. With an error the answer is an old one, if there was any: that the upstream
// did not answer must not keep those out who were let in before.
func (s *Source) Lookup(ctx context.Context, name string) (a Answer, found bool, err error) {
	source := sourceOf(s.Conninfo, s.Query)
	c := loadCache(s.DataDir, source)
	if e := c.find(name); s.fresh(e) {
		return e.answer, true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	unlock, err := lock(ctx, s.DataDir)
	if err == nil {
		defer unlock()
		// Others may have asked while we waited.
		if c = loadCache(s.DataDir, source); s.fresh(c.find(name)) {
			return c.find(name).answer, true, nil
		}
		a, err = s.ask(ctx, c, name)
		if err == nil {
			return a, true, nil
		}
	}
	if old := c.find(name); old != nil {
		return old.answer, true, fmt.Errorf("%w; what it said at %s is used", err, old.fetched.UTC().Format(time.RFC3339))
	}
	return Answer{}, false, err
}

func (s *Source) fresh(e *entry) bool {
	age := time.Duration(0)
	if e != nil {
		age = time.Since(e.fetched)
	}
	return e != nil && age >= 0 && age < s.TTL
}

var errPaused = errors.New("the upstream has not answered a moment ago")

// ask asks the upstream and notes what came of it.
func (s *Source) ask(ctx context.Context, c *cache, name string) (Answer, error) {
	if since := time.Since(c.failed); since >= 0 && since < pause {
		return Answer{}, errPaused
	}
	a, err := s.run(ctx, name)
	if err != nil {
		c.failed = time.Now()
	} else {
		c.store(entry{name, time.Now(), a})
	}
	// What cannot be kept is asked for again.
	if writeErr := c.write(s.DataDir); err == nil && writeErr != nil {
		return a, nil
	}
	return a, err
}

// lock has one session at a time ask: a flood of clients is not a flood of connections to the upstream.
func lock(ctx context.Context, dataDir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dataDir, lockFile), os.O_RDWR|os.O_CREATE, perm)
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
