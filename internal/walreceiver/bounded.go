package walreceiver

import (
	"context"
	"time"

	"waypost/internal/activity"
	"waypost/transport"
	"waypost/xlog"
)

// bounded is a connection whose commands are given up after wal_receiver_timeout, as silence in the stream is: an upstream
// that hangs, or whose host is gone without a word, must not keep the node from asking another.
type bounded struct {
	transport.Conn
	settings func() *settings
	activity *activity.Status
}

// limit is the context of one command, for whose answer the process waits until it is cancelled.
func (c *bounded) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	c.activity.StartWait(activity.LibpqwalreceiverReceive)
	timeout := c.settings().timeout
	if timeout <= 0 {
		return ctx, c.activity.EndWait
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, &silentError{timeout})
	return ctx, func() {
		cancel()
		c.activity.EndWait()
	}
}

type silentError struct{ after time.Duration }

func (e *silentError) Error() string {
	return "no answer for " + e.after.String() + " (wal_receiver_timeout)"
}

func (c *bounded) IdentifySystem(ctx context.Context) (transport.SystemIdentity, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return c.Conn.IdentifySystem(ctx)
}

func (c *bounded) ReadTimelineHistoryFile(ctx context.Context, tli xlog.TimeLineID) (transport.HistoryFile, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return c.Conn.ReadTimelineHistoryFile(ctx, tli)
}

func (c *bounded) StartStreaming(ctx context.Context, opts transport.StreamOptions) (transport.StartResult, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return c.Conn.StartStreaming(ctx, opts)
}

func (c *bounded) EndStreaming(ctx context.Context) (transport.NextTimeline, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return c.Conn.EndStreaming(ctx)
}

func (c *bounded) CreateSlot(ctx context.Context, opts transport.CreateSlotOptions) (transport.CreatedSlot, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return c.Conn.CreateSlot(ctx, opts)
}

func (c *bounded) Exec(ctx context.Context, query string) (*transport.ExecResult, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return c.Conn.Exec(ctx, query)
}
