package catalog

import (
	"context"
	"errors"
	"time"

	"waypost/internal/sql/types"
)

// Session is what the engine asks of the session that runs a statement.
type Session interface {
	CurrentUser() string
	SessionUser() string
	Database() string
	BackendPID() int
	// Setting gives a parameter's value as SHOW would print it. Where the
	// user may not see it, an error; where there is none, false.
	Setting(name string) (value string, found bool, err error)
	// SetSetting changes a parameter, for the transaction if local, and
	// returns the new value as SHOW would print it.
	SetSetting(name, value string, local bool) (string, error)
	// TimeZone is the session's TimeZone.
	TimeZone() *time.Location
	// TransactionStart is now(), StatementStart is statement_timestamp().
	TransactionStart() time.Time
	StatementStart() time.Time
}

// Call is one execution of a statement, as functions and relations see it.
// It belongs to one goroutine.
type Call struct {
	Context context.Context
	Session Session
	Catalog *Catalog

	memory int
	pinned int // the part of memory that is kept until the statement ends
	held   int // what the values take that are being put together
	passed int // what was held since the heap was looked at
	steps  int
	loc    *time.Location
	env    *types.Env
}

// MaxMemory bounds what one statement may keep in memory, in bytes.
const MaxMemory = 32 << 20

// NewCall begins an execution.
func NewCall(ctx context.Context, s Session, cat *Catalog) *Call {
	return &Call{Context: ctx, Session: s, Catalog: cat}
}

// Location is the session's time zone.
func (c *Call) Location() *time.Location {
	if c.loc == nil {
		if c.loc = c.Session.TimeZone(); c.loc == nil {
			c.loc = time.UTC
		}
	}
	return c.loc
}

// Grow accounts for n bytes that the statement keeps, and fails when it
// keeps too much.
func (c *Call) Grow(n int) error {
	if n < 0 || n > MaxMemory-c.memory {
		return outOfMemory()
	}
	c.memory += n
	return nil
}

func outOfMemory() error {
	return types.Errorf(types.CodeOutOfMemory, "out of memory").
		WithDetail("The statement needs more than %d MB.", MaxMemory>>20)
}

// smallValue is what a value may take without being counted while it is held.
const smallValue = 1 << 10

// Hold accounts for a value that is held while others are worked out, and
// fails when all of these take too much, or the statement was cancelled. Drop
// ends it.
func (c *Call) Hold(v types.Value) error {
	n := 0
	switch x := v.(type) {
	case string:
		n = len(x)
	case []byte:
		n = len(x)
	case *types.Array, *types.Row, types.Num:
		n = types.Size(x)
	}
	if n <= smallValue {
		return nil
	}
	if err := c.Cancelled(); err != nil { // what takes memory takes time
		return err
	}
	if n > MaxMemory-c.held {
		return outOfMemory()
	}
	c.held += n
	if c.passed += n; c.passed < lookAfter {
		return nil
	}
	c.passed = 0
	return checkHeap()
}

// Held is for Drop, which lets go of all values held since.
func (c *Call) Held() int { return c.held }

// Drop goes back to a Held.
func (c *Call) Drop(held int) { c.held = held }

// Memory is what the statement keeps now, in bytes.
func (c *Call) Memory() int { return c.memory }

// Mark and Release give back, at once, all memory that was taken between
// them, but for what was pinned.
func (c *Call) Mark() int { return c.memory - c.pinned }

// Release goes back to a Mark.
func (c *Call) Release(mark int) { c.memory = c.pinned + mark }

// Pin says that what was taken since a Mark is kept until the statement ends.
func (c *Call) Pin(mark int) { c.pinned = c.memory - mark }

// checkEvery is how many steps go by between two looks at the context.
const checkEvery = 256

// Step is to be called once for each row or repetition; it notices that the
// statement was cancelled.
func (c *Call) Step() error {
	if c.steps++; c.steps%checkEvery != 0 {
		return nil
	}
	if c.steps%lookEvery == 0 {
		if err := checkHeap(); err != nil {
			return err
		}
	}
	return c.Cancelled()
}

// Cancelled tells, as an error for the client, that the statement was
// cancelled. A *types.Error given to context.WithCancelCause is passed on
// (statement_timeout, pg_terminate_backend).
func (c *Call) Cancelled() error {
	if c.Context.Err() == nil {
		return nil
	}
	cause := context.Cause(c.Context)
	var told *types.Error
	switch {
	case errors.As(cause, &told):
		return told
	case errors.Is(cause, context.DeadlineExceeded):
		return types.Errorf(types.CodeQueryCanceled, "canceling statement due to statement timeout")
	}
	return types.Errorf(types.CodeQueryCanceled, "canceling statement due to user request")
}
