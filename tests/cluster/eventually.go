package cluster

import (
	"context"
	"testing"
	"time"
)

// pollInterval is how often a condition is looked at.
const pollInterval = 10 * time.Millisecond

// Eventually waits until cond holds, and fails the test when it has not within
// timeout.
func Eventually(t testing.TB, timeout time.Duration, what string, cond func() bool) {
	t.Helper()
	EventuallyOK(t, timeout, what, func() error {
		if cond() {
			return nil
		}
		return errNotYet
	})
}

// EventuallyOK waits until try returns no error, and fails the test with the last
// error when it has not within timeout.
func EventuallyOK(t testing.TB, timeout time.Duration, what string, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := poll(ctx, try); err != nil {
		t.Fatalf("after %v still not: %s: %v", timeout, what, err)
	}
}

// poll calls try until it succeeds, and returns its last error when ctx ends first.
func poll(ctx context.Context, try func() error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

const errNotYet = constError("the condition does not hold")

type constError string

func (e constError) Error() string { return string(e) }
