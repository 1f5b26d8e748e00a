package startup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// fetching is the work of filling a patch from the upstream, over a replication connection of our own. It uses no slot and
// never reports a position, so that it cannot count as a synchronous standby. It runs beside the main loop, of which it
// shares only what does not change.
type fetching struct {
	s             *Startup
	patch         *patch
	conninfo, lib string
	timeout       time.Duration // of silence, and for each host to let us in
	ours          []*walfile.History
}

// fetch fills the patch. An upstream may hang, and a long segment takes its time: meanwhile the walreceiver is looked after,
// for what it reports, commits may wait for.
func (s *Startup) fetch(p *patch) error {
	f := &fetching{s: s, patch: p, conninfo: s.Settings.String(guc.PrimaryConninfo), lib: s.Settings.String(guc.WalReceiverLibrary),
		timeout: s.repairTimeout()}
	if err := f.readHistories(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		done <- f.run()
		s.XLog.WALAdvanced.Nudge(xlogctl.StartupBit)
	}()
	defer s.Activity.EndWait()
	for {
		s.Activity.StartWait(activity.LibpqwalreceiverReceive)
		seq := s.XLog.WALAdvanced.Seq()
		select {
		case err := <-done:
			return err
		default:
		}
		wait := shmem.Forever
		if !s.stop.Load() {
			s.obey()
			next, err := s.superviseReceiver(time.Now())
			if err != nil {
				return errors.Join(err, <-done)
			}
			wait = shorter(next, s.replyOwed())
		}
		s.XLog.WALAdvanced.Wait(seq, xlogctl.StartupBit, wait)
	}
}

func (f *fetching) run() error {
	s, p := f.s, f.patch
	ctx, cancel := s.untilStopped()
	defer cancel()
	lib, err := s.Transports.Open(f.lib)
	if err != nil {
		return err
	}
	conn, err := lib.Connect(ctx, f.conninfo,
		transport.ConnectOptions{Replication: true, ApplicationName: "waypost_repair", ConnectTimeout: f.timeout})
	if err != nil {
		return s.orStopped(fmt.Errorf("connect to the upstream: %w", err))
	}
	defer conn.Close() // tells the upstream to stop
	ctx, cancelCommands := context.WithTimeout(ctx, f.timeout)
	defer cancelCommands()
	if err := f.identify(ctx, conn); err != nil {
		return s.orStopped(err)
	}
	start, err := conn.StartStreaming(ctx, transport.StreamOptions{StartPoint: p.from, TLI: p.tli})
	if err != nil {
		return s.orStopped(fmt.Errorf("fetch segment %s: %w", walfile.SegmentNameAt(p.tli, p.from, p.dir.SegSize), err))
	}
	if !start.Streaming {
		return fmt.Errorf("the upstream has nothing of timeline %d at %s", p.tli, p.from)
	}
	return s.orStopped(f.receive(conn))
}

// readHistories notes how the timelines came about that the patch's WAL lies on, or that have come after it.
func (f *fetching) readHistories() error {
	for _, e := range f.s.history.Entries() {
		if e.TLI < f.patch.tli || e.TLI == 1 { // timeline 1 has no history
			continue
		}
		h, err := f.s.dir.History(e.TLI)
		if err != nil {
			return err
		}
		if len(h.Entries()) > 1 { // else its file is not here
			f.ours = append(f.ours, h)
		}
	}
	return nil
}

// identify makes sure that the upstream is of our cluster and, where it knows a timeline of ours, that it is the same one:
// after two promotions apart, two have one number.
func (f *fetching) identify(ctx context.Context, conn transport.Conn) error {
	id, err := conn.IdentifySystem(ctx)
	if err != nil {
		return err
	}
	if id.SystemID != f.s.control.systemID {
		return fmt.Errorf("the upstream's system identifier is %d, this node's %d", id.SystemID, f.s.control.systemID)
	}
	for _, ours := range f.ours {
		if ours.TLI() > id.TLI {
			break
		}
		file, err := conn.ReadTimelineHistoryFile(ctx, ours.TLI())
		var server *transport.ServerError
		if errors.As(err, &server) && server.Code == string(protocol.CodeUndefinedFile) {
			continue // an upstream that skipped this timeline need not have its history
		}
		if err != nil {
			return fmt.Errorf("fetch history of timeline %d: %w", ours.TLI(), err)
		}
		theirs, err := walfile.ParseHistory(ours.TLI(), file.Content)
		if err != nil {
			return fmt.Errorf("read the upstream's timeline history: %w", err)
		}
		if relation, common := ours.Compare(theirs); relation != walfile.Same {
			return fmt.Errorf("the upstream's timeline %d is not this node's: they have WAL in common up to %s", ours.TLI(), common)
		}
	}
	return nil
}

// receive takes WAL until the patch is full. Only silence is bounded: a slow line may take its time.
func (f *fetching) receive(conn transport.Conn) error {
	p := f.patch
	at := p.from
	deadline := time.Now().Add(f.timeout)
	for at < p.upto {
		if f.s.stop.Load() {
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
			deadline = time.Now().Add(f.timeout)
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

// untilStopped is a context that ends soon after SIGTERM.
func (s *Startup) untilStopped() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
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
