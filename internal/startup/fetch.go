package startup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"waypost/internal/guc"
	"waypost/protocol"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// fetch fills the patch from the upstream, over a replication connection of our own. It uses no slot and never reports a
// position, so that it cannot count as a synchronous standby.
func (s *Startup) fetch(p *patch) error {
	ctx, cancel := s.untilStopped()
	defer cancel()
	lib, err := s.Transports.Open(s.Settings.String(guc.WalReceiverLibrary))
	if err != nil {
		return err
	}
	conn, err := lib.Connect(ctx, s.Settings.String(guc.PrimaryConninfo),
		transport.ConnectOptions{Replication: true, ApplicationName: "waypost_repair"})
	if err != nil {
		return s.orStopped(fmt.Errorf("connect to the upstream: %w", err))
	}
	defer conn.Close() // tells the upstream to stop
	id, err := conn.IdentifySystem(ctx)
	if err != nil {
		return s.orStopped(err)
	}
	if id.SystemID != s.control.systemID {
		return fmt.Errorf("the upstream's system identifier is %d, this node's %d", id.SystemID, s.control.systemID)
	}
	start, err := conn.StartStreaming(ctx, transport.StreamOptions{StartPoint: p.from, TLI: p.tli})
	if err != nil {
		return s.orStopped(fmt.Errorf("fetch segment %s: %w", walfile.SegmentNameAt(p.tli, p.from, p.dir.SegSize), err))
	}
	if !start.Streaming {
		return fmt.Errorf("the upstream has nothing of timeline %d at %s", p.tli, p.from)
	}
	return s.orStopped(s.receive(conn, p))
}

// receive takes WAL until the patch is full. Only silence is bounded: a slow line may take its time.
func (s *Startup) receive(conn transport.Conn, p *patch) error {
	at := p.from
	deadline := time.Now().Add(s.repairTimeout())
	for at < p.upto {
		if s.stop.Load() {
			return ErrStopped
		}
		// Short waits, so that SIGTERM is seen.
		e, err := conn.Receive(time.Now().Add(stopPoll))
		switch {
		case errors.Is(err, transport.ErrDeadline):
			if time.Now().After(deadline) {
				return fmt.Errorf("fetch WAL at %s: the upstream sends nothing", at)
			}
			continue
		case err != nil:
			return fmt.Errorf("fetch WAL at %s: %w", at, err)
		}
		switch e.Kind {
		case transport.XLogData:
			if e.Start != at {
				return &transport.DiscontinuityError{Expected: at, Got: e.Start}
			}
			if err := p.write(e.Data, at); err != nil {
				return err
			}
			at += xlog.LSN(len(e.Data))
			deadline = time.Now().Add(s.repairTimeout())
		case transport.EndOfCopy:
			return fmt.Errorf("fetch WAL at %s: the upstream ended the stream", at)
		}
		if e.ReplyRequested {
			if err := sayNothing(conn, deadline); err != nil {
				return err
			}
		}
	}
	return nil
}

// stopPoll is how late SIGTERM may be seen while WAL is fetched.
const stopPoll = 200 * time.Millisecond

// sayNothing answers a keepalive with positions that mean "not known".
func sayNothing(conn transport.Conn, deadline time.Time) error {
	return conn.Send(protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{ReplyTime: xlog.Now()}), deadline)
}

// untilStopped is a context that ends after the repair's timeout, or soon after SIGTERM.
func (s *Startup) untilStopped() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), s.repairTimeout())
	go func() {
		t := time.NewTicker(stopPoll)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if s.stop.Load() {
					cancel()
				}
			}
		}
	}()
	return ctx, cancel
}

// orStopped prefers ErrStopped to the error that a cancelled call gives.
func (s *Startup) orStopped(err error) error {
	if err != nil && s.stop.Load() {
		return ErrStopped
	}
	return err
}
