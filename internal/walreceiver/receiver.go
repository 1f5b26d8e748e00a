package walreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"waypost/internal/activity"
	"waypost/internal/child"
	"waypost/internal/ckptctl"
	"waypost/internal/pgstat"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// Receiver is the process, with all that it depends on. Fields that begin with a capital letter are set before Run and
// not changed after.
type Receiver struct {
	PID        int
	WALVersion walfile.Version // of the WAL in the data directory
	Dir        walfile.Dir     // pg_wal

	XLog   *xlogctl.Ctl
	WalRcv *walrcv.Data
	Ckpt   *ckptctl.Ctl
	Stats  *pgstat.Stats
	// Activity shows what the receiving goroutine waits for, or a sync on the other one while that waits for the upstream.
	Activity *activity.Status

	Transport       transport.Transport
	ApplicationName string

	// OpenFiles makes the writer of a stream; SegmentWriter, but in tests.
	OpenFiles func(d walfile.Dir, tli xlog.TimeLineID, start xlog.LSN) walFiles
	// Distrust notes durably that a sync has failed, so that a later start does not believe what it finds.
	Distrust func() error
	// RememberVersion notes durably which version the upstream is.
	RememberVersion func(v transport.ServerVersion) error
	// SetTitle shows what the process is doing; one goroutine at a time. It must not keep its argument.
	SetTitle func(activity []byte)

	logger   atomic.Pointer[zerolog.Logger]
	settings atomic.Pointer[settings]

	stopping atomic.Bool
	ctx      context.Context // done when the process is to stop
	cancel   context.CancelFunc
	connMu   sync.Mutex
	conn     transport.Conn // for interrupting it

	slotMade string // the temporary slot of this connection
	checked  bool   // version and segment size were compared on this connection
	streamed bool   // something was streamed before

	feedbackSent bool // the upstream was told that we hold back no transaction

	crashing bool // a sync has failed
	titleBuf [64]byte
}

// errStopped says that the process was told to stop.
var errStopped = errors.New("stop requested")

func (r *Receiver) log() *zerolog.Logger { return r.logger.Load() }

// Run is the process: from coming up to its end. Only a failed sync is a crash.
func (r *Receiver) Run() error {
	o, found := r.begin()
	switch found {
	case notWanted:
		r.ended()
		return nil
	case stillRunning:
		return child.Crash(errors.New("walreceiver still running according to shared memory state"))
	}
	err := r.serve(o)
	if r.crashing {
		return err // shared memory is made anew, and until then nobody must take this for an orderly end
	}
	// The connection first: the next walreceiver must find the slot free.
	r.disconnect()
	r.end()
	if r.stopping.Load() || errors.Is(err, errStopped) {
		return errorf(protocol.CodeAdminShutdown, "terminating walreceiver process due to administrator command")
	}
	return err
}

// retry says how the next connection is to differ from the last.
type retry struct {
	noOverlap bool // the upstream no longer has the last page held
}

// errPageGone says that the upstream no longer has the last page held, but may well have what follows.
var errPageGone = errors.New("the upstream no longer has the last page held")

// serve connects, and goes on as long as that makes sense.
func (r *Receiver) serve(o order) error {
	var how retry
	for {
		err := r.serveConnection(&o, how)
		if !errors.Is(err, errPageGone) || how.noOverlap {
			r.noteDifference(err)
			return err
		}
		r.log().Info().Msgf("%v; going on without comparing it", errPageGone)
		how.noOverlap = true
		r.disconnect()
	}
}

// noteDifference tells startup of a difference from the upstream. Only startup knows whether it is in an unfinished record.
func (r *Receiver) noteDifference(err error) {
	var d *differenceError
	if errors.As(err, &d) {
		r.XLog.DiffersAt.Store(uint64(d.at))
	}
}

// serveConnection makes one connection and streams timeline after timeline over it.
func (r *Receiver) serveConnection(o *order, how retry) error {
	conn, err := r.connect(o)
	if err != nil {
		return err
	}
	for {
		if err := r.serveTimeline(conn, o, how); err != nil {
			return err
		}
		how = retry{}
		if o.start, o.tli, err = r.waitForStart(); err != nil {
			return err
		}
	}
}

func (r *Receiver) connect(o *order) (transport.Conn, error) {
	r.Activity.StartWait(activity.LibpqwalreceiverConnect)
	defer r.Activity.EndWait()
	conn, err := r.Transport.Connect(r.ctx, o.conninfo, transport.ConnectOptions{
		Replication:     true,
		ApplicationName: r.ApplicationName,
		ConnectTimeout:  r.settings.Load().connectTimeout(),
		Notice: func(e *transport.ServerError) {
			r.log().Info().Str("detail", e.Detail).Str("hint", e.Hint).Msgf("%s from the upstream: %s", e.Severity, e.Message)
		},
	})
	if err != nil {
		return nil, upstreamError("could not connect to the primary server", err)
	}
	conn = &bounded{conn, r.settings.Load, r.Activity}
	r.Stats.Waypost.Connected.Add(xlog.Now())
	r.setConn(conn)
	r.slotMade, r.checked = "", false
	host, port := conn.SenderInfo()
	r.connected(conn.Conninfo(), host, port)
	return conn, r.stopRequested()
}

// serveTimeline streams one timeline to its end. A nil error: the upstream has no more of it, and startup is to say
// where to go on.
func (r *Receiver) serveTimeline(conn transport.Conn, o *order, how retry) error {
	newest, err := r.identify(conn, o.tli)
	if err != nil {
		return err
	}
	if err := r.compareHistories(conn, o.tli, newest); err != nil {
		return err
	}
	if err := r.makeSlot(conn, o); err != nil {
		return err
	}
	p, err := r.plan(o, newest, how)
	if err != nil {
		return err
	}
	next, err := r.streamFrom(conn, o, p)
	if err != nil {
		return err
	}
	return r.compareHistories(conn, o.tli, next.TLI)
}

// streamFrom asks for the stream and takes it in.
func (r *Receiver) streamFrom(conn transport.Conn, o *order, p plan) (transport.NextTimeline, error) {
	res, err := conn.StartStreaming(r.ctx, transport.StreamOptions{SlotName: o.slot, StartPoint: p.ask(), TLI: o.tli})
	if err != nil {
		return transport.NextTimeline{}, r.judgeStart(p, upstreamError("could not start WAL streaming", err))
	}
	if !res.Streaming {
		r.log().Info().Msgf("primary server contains no more WAL on requested timeline %d", o.tli)
		return res.Next, nil
	}
	r.announceStream(p.start, o.tli)
	s := r.newStream(conn, o.tli, p)
	shutdown, err := s.run()
	if err != nil {
		if s.writer.files.Written() == p.start {
			err = r.judgeStart(p, err)
		}
		return transport.NextTimeline{}, err
	}
	r.log().Info().
		Str("detail", fmt.Sprintf("End of WAL reached on timeline %d at %v.", o.tli, s.writer.files.Written())).
		Msg("replication terminated by primary server")
	if err := s.writer.files.Close(); err != nil {
		return transport.NextTimeline{}, err
	}
	if shutdown {
		return transport.NextTimeline{}, errorf(protocol.CodeConnectionFailure, "the upstream has ended streaming and is shutting down")
	}
	next, err := conn.EndStreaming(r.ctx)
	if err != nil {
		return transport.NextTimeline{}, upstreamError("could not send end-of-streaming message to primary", err)
	}
	return next, nil
}

// judgeStart finds out whether it was only for the page held that the upstream refused.
func (r *Receiver) judgeStart(p plan, err error) error {
	seg := r.Dir.SegSize.SegNo
	if len(p.overlap.want) > 0 && seg(p.ask()) != seg(p.start) && isRemoved(err) {
		return errPageGone
	}
	return err
}

func (r *Receiver) announceStream(start xlog.LSN, tli xlog.TimeLineID) {
	format := "started streaming WAL from primary at %v on timeline %d"
	if r.streamed {
		format = "restarted WAL streaming at %v on timeline %d"
	}
	r.streamed = true
	r.log().Info().Msgf(format, start, tli)
}

func (r *Receiver) newStream(conn transport.Conn, tli xlog.TimeLineID, p plan) *stream {
	files := r.OpenFiles(r.Dir, tli, p.start)
	segs := &segments{r: r, tli: tli}
	s := &stream{
		r: r, conn: conn, tli: tli,
		overlap: p.overlap,
		writer: &writer{files: files, segsize: r.Dir.SegSize, begin: segs.begin, writes: &r.WalRcv.Writes,
			buf: make([]byte, 0, gatherSize), timing: func() bool { return r.settings.Load().trackTiming }, activity: r.Activity},
		reporter:  &reporter{conn: conn, xlog: r.XLog, walrcv: r.WalRcv, settings: r.settings.Load},
		positions: newPositions(r.XLog, r.WalRcv, p.start, tli),
	}
	s.syncer = &syncer{files: &shownFiles{files, r.Activity}, done: s.synced, failed: s.fail, took: r.countSync}
	return s
}

// waitForStart tells startup that the timeline has ended, and waits to be told where to go on
// (WalRcvWaitForStartPosition).
func (r *Receiver) waitForStart() (xlog.LSN, xlog.TimeLineID, error) {
	if !r.waiting() {
		return 0, 0, errStopped
	}
	r.SetTitle([]byte("idle"))
	latch := r.WalRcv.Latch()
	r.Activity.StartWait(activity.WalReceiverWaitStart)
	defer r.Activity.EndWait()
	for {
		latch.Reset()
		if err := r.stopRequested(); err != nil {
			return 0, 0, err
		}
		start, tli, state := r.toldToRestart()
		switch state {
		case walrcv.Restarting:
			r.SetTitle(fmt.Appendf(nil, "restarting at %v", start))
			return start, tli, nil
		case walrcv.Stopping:
			return 0, 0, errStopped
		}
		latch.Wait(shmem.Forever)
	}
}

// stopGrace is how long an ordered stop waits before it breaks off reports that do not get through.
const stopGrace = 2 * time.Second

// Stop ends the process soon, from any goroutine. The receiving one may itself be blocked in a report to an upstream that does
// not read, where nothing but the end of the connection reaches it.
func (r *Receiver) Stop() {
	r.stopping.Store(true)
	r.cancel()
	r.wake()
	time.AfterFunc(stopGrace, r.disconnect)
}

// wake makes the process look at what has changed: orders and settings.
func (r *Receiver) wake() {
	r.connMu.Lock()
	if r.conn != nil {
		r.conn.Interrupt()
	}
	r.connMu.Unlock()
	r.WalRcv.Latch().Set()
}

func (r *Receiver) stopRequested() error {
	if r.stopping.Load() {
		return errStopped
	}
	return nil
}

// stillInRecovery cross-checks that the node does not write WAL of its own: startup should have stopped us before.
func (r *Receiver) stillInRecovery() error {
	if xlogctl.RecoveryState(r.XLog.State.Load()) == xlogctl.RecoveryStateDone {
		return errorf(protocol.CodeObjectNotInPrerequisiteState, "cannot continue WAL streaming, recovery has already ended")
	}
	return nil
}

func (r *Receiver) setConn(c transport.Conn) {
	r.connMu.Lock()
	r.conn = c
	r.connMu.Unlock()
	if r.stopping.Load() {
		c.Interrupt() // the stop came before there was something to interrupt
	}
}

func (r *Receiver) disconnect() {
	r.connMu.Lock()
	c := r.conn
	r.conn = nil
	r.connMu.Unlock()
	if c != nil {
		c.Close()
	}
}

// syncFailed makes a failed sync what it is: the end of this node's trust in its page cache.
func (r *Receiver) syncFailed(err error) error {
	e := errorf(protocol.CodeIOError, "could not sync WAL: %v", err).
		withDetail("What was received since the last sync may be lost although it can be read. It will be fetched again.")
	e.err = err
	r.crashing = true
	if mark := r.Distrust(); mark != nil {
		e.detail += " The mark that says so could not be written: " + mark.Error()
	}
	return child.Crash(e)
}

// showStreaming shows the position in the process's title. It is the syncing goroutine's, which calls it after each sync.
func (r *Receiver) showStreaming(l xlog.LSN) {
	if r.settings.Load().updateTitle {
		r.SetTitle(l.Append(append(r.titleBuf[:0], "streaming "...)))
	}
}
