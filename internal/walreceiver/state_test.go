package walreceiver

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// requireReported checks an error's SQLSTATE, and that it tells the user what to do where hint is set.
func requireReported(t *testing.T, err error, code protocol.SQLSTATE, message string, hint bool) {
	t.Helper()
	var r *reportedError
	require.ErrorAs(t, err, &r)
	state, msg, _, h := r.LogFields()
	require.Equal(t, string(code), state)
	require.Contains(t, msg, message)
	require.Equal(t, hint, h != "", "hint: %q", h)
}

func TestStatesFromComingUpToTheEnd(t *testing.T) {
	g := newRig(t)
	ends := g.WalRcv.Ends()
	g.run()
	g.waitState(walrcv.Streaming)
	g.eventually("connected", func() bool { return g.WalRcv.Snapshot().ReadyToDisplay == 1 })
	f := g.WalRcv.Snapshot()
	require.Equal(t, int32(g.PID), f.Pid)
	require.Equal(t, g.upDir, shmem.String(f.SenderHost[:]))
	g.upstream.Advance(segSize.Start(1) + 800)
	g.waitReply(flushedIs(segSize.Start(1) + 800))
	f = g.WalRcv.Snapshot()
	require.Equal(t, segSize.Start(1)+800, f.LatestWalEnd)
	require.NotZero(t, f.LatestWalEndTime)
	require.NotZero(t, f.LastMsgReceipt)
	require.Equal(t, "15.18", g.XLog.ServerVersion())
	require.Equal(t, uint32(150018), g.XLog.ServerVersionNum.Load())
	require.Equal(t, transport.ServerVersion{Num: 150018, Text: "15.18"}, g.version)

	g.Stop()
	requireReported(t, g.ended(), protocol.CodeAdminShutdown, "administrator command", false)
	f = g.WalRcv.Snapshot()
	require.Equal(t, walrcv.Stopped, f.State)
	require.Zero(t, f.Pid)
	require.Zero(t, f.ReadyToDisplay)
	require.Equal(t, ends+1, g.WalRcv.Ends())
}

func TestConninfoInSharedMemoryIsTheTransportsWithoutSecrets(t *testing.T) {
	g := newRig(t)
	g.Transport = &tamper{g.Transport, func(c transport.Conn) transport.Conn { return &discreet{c} }}
	g.run()
	g.eventually("connected", func() bool { return g.WalRcv.Snapshot().ReadyToDisplay == 1 })
	f := g.WalRcv.Snapshot()
	require.Equal(t, "password=********", shmem.String(f.Conninfo[:]))
}

type discreet struct{ transport.Conn }

func (*discreet) Conninfo() string { return "password=********" }

func TestProcessThatIsNotWantedAnyMoreEndsQuietly(t *testing.T) {
	g := newRig(t)
	g.WalRcv.Update(func(f *walrcv.Fields) { f.State = walrcv.Stopping })
	require.NoError(t, g.Run())
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
	require.Equal(t, uint32(1), g.WalRcv.Ends(), "startup may be waiting for it")
}

func TestSecondWalreceiverIsACrash(t *testing.T) {
	g := newRig(t)
	g.WalRcv.Update(func(f *walrcv.Fields) { f.State, f.Pid = walrcv.Streaming, 4711 })
	require.ErrorContains(t, g.Run(), "still running")
	require.Equal(t, 4711, g.WalRcv.Pid(), "the other one's entry is left alone")
}

func TestStopDuringConnectEndsAtOnce(t *testing.T) {
	g := newRig(t)
	g.Transport = &hanging{g.Transport}
	g.run()
	g.waitState(walrcv.Streaming)
	g.Stop()
	requireReported(t, g.ended(), protocol.CodeAdminShutdown, "administrator command", false)
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
}

func TestStopDuringAnEndlessStreamEndsAtOnce(t *testing.T) {
	g := newRig(t)
	g.busy(8, func(xlog.LSN) bool { return false })
	g.run()
	g.eventually("streaming", func() bool { return g.XLog.Flushed() > segSize.Start(1) })
	g.Stop()
	requireReported(t, g.ended(), protocol.CodeAdminShutdown, "administrator command", false)
	require.Equal(t, g.XLog.Written(), g.XLog.Flushed(), "what was written is synced")
	g.requireHeld(1, segSize.Start(1), g.XLog.Flushed())
}

// A sync that was under way when the process was told to stop, and then fails, has told so only to this process.
func TestStopWaitsForWhatBecomesOfASync(t *testing.T) {
	g := newRig(t)
	begun, permit := make(chan struct{}, 10), make(chan struct{})
	g.filesWith(func(f *files) {
		f.flush = func() (xlog.LSN, error) {
			begun <- struct{}{}
			<-permit
			return f.walFiles.Flushed(), &walfile.SyncError{Path: "segment", Err: unix.EIO}
		}
	})
	var closed atomic.Bool
	g.tamperWith(func(c *tampered) { c.closed = func() { closed.Store(true) } })
	g.run()
	g.upstream.Advance(segSize.Start(1) + 800)
	<-begun
	g.Stop()
	g.eventually("the upstream need not wait", closed.Load)
	require.NotEqual(t, walrcv.Stopped, g.WalRcv.State())
	close(permit)
	require.ErrorIs(t, g.ended(), unix.EIO)
	require.Equal(t, 1, g.distrust)
	require.Equal(t, segSize.Start(1), g.XLog.Flushed())
}

func TestUpstreamShutdownEndsTheProcessWithAllSyncedAndReported(t *testing.T) {
	g := newRig(t)
	end := segSize.Start(2) + 4000
	g.upstream.Advance(end)
	g.upstream.Shutdown()
	g.run()
	requireReported(t, g.ended(), protocol.CodeConnectionFailure, "shutting down", false)
	require.Equal(t, end, g.XLog.Flushed())
	g.waitReply(flushedIs(end))
	require.Contains(t, g.logged.String(), "replication terminated by primary server")
	require.Contains(t, g.logged.String(), "End of WAL reached on timeline 1 at "+end.String())
	g.requireHeld(1, segSize.Start(1), end)
}

func TestUpstreamThatCannotBeReached(t *testing.T) {
	g := newRig(t)
	g.upstream.Refuse(&transport.ConnError{Op: "connect", Err: unix.ECONNREFUSED})
	err := g.Run()
	requireReported(t, err, protocol.CodeConnectionFailure, "could not connect to the primary server", false)
	require.ErrorIs(t, err, unix.ECONNREFUSED)
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
}

func TestStalledUpstreamIsPingedAndThenGivenUp(t *testing.T) {
	g := newRig(t)
	g.Receiver.settings.Store(&settings{timeout: 300 * time.Millisecond})
	g.run()
	ping := g.waitReply(func(r reply) bool { return r.ReplyRequested })
	require.Equal(t, segSize.Start(1), ping.Flush)
	requireReported(t, g.ended(), protocol.CodeConnectionFailure, "terminating walreceiver due to timeout", false)
	require.Len(t, g.upstream.Replies(), 1, "one ping is enough")
}

// A message that has lost bytes on its way takes the keepalives for the rest of its WAL.
func TestMessageThatDoesNotComeToItsEndIsGivenUp(t *testing.T) {
	g := newRig(t)
	g.Receiver.settings.Store(&settings{timeout: 100 * time.Millisecond})
	start, sent := segSize.Start(1), xlog.Now()
	at := start
	g.tamperWith(func(c *tampered) {
		c.receive = func(time.Time) (transport.Event, error) {
			time.Sleep(10 * time.Millisecond)
			ev := transport.Event{Kind: transport.XLogData, Start: at, End: start + 100_000, SendTime: sent, Data: g.wal.Bytes(at, at+23)}
			at += 23
			return ev, nil
		}
	})
	g.run()
	requireReported(t, g.ended(), protocol.CodeConnectionFailure, "due to timeout", false)
	require.GreaterOrEqual(t, time.Since(sent.Time()), 100*time.Millisecond)
	require.Equal(t, at-23, g.XLog.Flushed())
}

func TestWALPastTheUpstreamsEndIsNotTaken(t *testing.T) {
	g := newRig(t)
	start := segSize.Start(1)
	pieces := []int{700, 400}
	at := start
	g.tamperWith(func(c *tampered) {
		c.pending = func() bool { return false }
		c.receive = func(time.Time) (transport.Event, error) {
			next := at + xlog.LSN(pieces[0])
			ev := transport.Event{Kind: transport.XLogData, Start: at, End: start + 1000, SendTime: 1, Data: g.wal.Bytes(at, next)}
			at, pieces = next, pieces[1:]
			return ev, nil
		}
	})
	g.run()
	requireReported(t, g.ended(), protocol.CodeProtocolViolation, "invalid WAL message", false)
	require.Equal(t, start+700, g.XLog.Written())
}

// mute is a connection that no longer answers one of the commands.
type mute struct {
	transport.Conn
	command string
}

func (c *mute) wait(ctx context.Context, command string) error {
	if command != c.command {
		return nil
	}
	<-ctx.Done()
	return &transport.ConnError{Op: command, Err: context.Cause(ctx)}
}

func (c *mute) IdentifySystem(ctx context.Context) (transport.SystemIdentity, error) {
	if err := c.wait(ctx, "identify"); err != nil {
		return transport.SystemIdentity{}, err
	}
	return c.Conn.IdentifySystem(ctx)
}

func (c *mute) Exec(ctx context.Context, query string) (*transport.ExecResult, error) {
	if err := c.wait(ctx, "show"); err != nil {
		return nil, err
	}
	return c.Conn.Exec(ctx, query)
}

func (c *mute) StartStreaming(ctx context.Context, o transport.StreamOptions) (transport.StartResult, error) {
	if err := c.wait(ctx, "start"); err != nil {
		return transport.StartResult{}, err
	}
	return c.Conn.StartStreaming(ctx, o)
}

func TestUpstreamThatDoesNotAnswerACommandIsGivenUp(t *testing.T) {
	for _, command := range []string{"identify", "show", "start"} {
		t.Run(command, func(t *testing.T) {
			g := newRig(t)
			g.Receiver.settings.Store(&settings{timeout: 50 * time.Millisecond})
			g.Transport = &tamper{g.Transport, func(c transport.Conn) transport.Conn { return &mute{c, command} }}
			g.run()
			requireReported(t, g.ended(), protocol.CodeConnectionFailure, "no answer for 50ms (wal_receiver_timeout)", false)
			require.Equal(t, walrcv.Stopped, g.WalRcv.State())
		})
	}
}

func TestTimeoutThatIsTurnedOnLaterHolds(t *testing.T) {
	g := newRig(t)
	g.Receiver.settings.Store(&settings{})
	g.run()
	g.upstream.Advance(segSize.Start(1) + 800)
	g.waitFlushed(segSize.Start(1) + 800)
	require.Empty(t, g.upstream.Replies(), "wal_receiver_status_interval = 0")
	g.Receiver.settings.Store(&settings{timeout: 100 * time.Millisecond})
	g.wake() // as SIGHUP does
	requireReported(t, g.ended(), protocol.CodeConnectionFailure, "due to timeout", false)
}

func TestStatusIntervalBringsAReportWithoutAnyWAL(t *testing.T) {
	g := newRig(t)
	g.Receiver.settings.Store(&settings{statusInterval: 20 * time.Millisecond})
	g.run()
	g.eventually("three reports", func() bool { return len(g.upstream.Replies()) >= 3 })
}

func TestAppliedPositionIsReportedAtOnceWhenStartupAsks(t *testing.T) {
	g := newRig(t)
	g.run()
	end := segSize.Start(1) + 800
	g.upstream.Advance(end)
	g.waitReply(flushedIs(end))
	g.XLog.ReplayedUpto.Store(uint64(end))
	g.WalRcv.ForceReply()
	r := g.waitReply(func(r reply) bool { return r.Apply == end })
	require.Equal(t, end, r.Flush)
	require.Equal(t, uint64(end), g.WalRcv.ReportedApply.Load())
}

func TestPositionsInDoubtAreNotReported(t *testing.T) {
	g := newRig(t)
	vouched, resumed := segSize.Start(1)+8000, segSize.Start(1)+3*xlog.PageSize
	g.heldUpTo(1, resumed)
	g.XLog.VouchedUpto.Store(uint64(vouched))
	g.XLog.ReplayedUpto.Store(uint64(vouched))
	g.run()
	end := resumed + 500
	g.upstream.Advance(end)
	g.waitFlushed(end)
	g.upstream.AskForReply()
	r := g.waitReply(func(reply) bool { return true })
	require.Equal(t, vouched, r.Flush)
	require.Equal(t, vouched, r.Write)
	g.XLog.ReplayedUpto.Store(uint64(resumed + 8)) // the record was checked
	g.WalRcv.ForceReply()
	r = g.waitReply(flushedIs(end))
	require.Equal(t, resumed+8, r.Apply)
}

func TestFullDiskDisconnectsWithoutAnotherWord(t *testing.T) {
	g := newRig(t)
	room := segSize.Start(1) + 3000
	closed := make(chan int, 2)
	g.tamperWith(func(c *tampered) { c.closed = func() { closed <- len(g.upstream.Replies()) } })
	g.filesWith(func(f *files) {
		f.write = func(p []byte, l xlog.LSN) error {
			if l+xlog.LSN(len(p)) > room {
				return unix.ENOSPC
			}
			return f.walFiles.Write(p, l)
		}
	})
	g.run()
	g.upstream.Advance(room)
	g.waitReply(flushedIs(room))
	g.upstream.Advance(room + 3000)
	err := g.ended()
	requireReported(t, err, protocol.CodeDiskFull, "could not write WAL", true)
	require.ErrorIs(t, err, unix.ENOSPC)
	require.False(t, g.crashing)
	require.Contains(t, g.logged.String(), "WARNING")
	require.Equal(t, <-closed, len(g.upstream.Replies()), "nothing is said after the disk was full")
	require.Equal(t, room, g.XLog.Flushed())
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())

	// Room again: the next walreceiver goes on from there.
	g.OpenFiles = openSegmentWriter
	g.ask(walrcv.Starting, 1, room)
	g.run()
	g.waitReply(flushedIs(room + 3000))
	g.requireHeld(1, segSize.Start(1), room+3000)
}

func TestDiscontinuousWALIsRefusedAndNotWritten(t *testing.T) {
	for name, shift := range map[string]int64{"gap": 8, "repetition": -8, "beginning": -int64(segSize)} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			good := segSize.Start(1) + 800
			g.tamperWith(func(c *tampered) {
				c.receive = func(d time.Time) (transport.Event, error) {
					ev, err := c.Conn.Receive(d)
					if ev.Kind == transport.XLogData && ev.Start >= good {
						ev.Start = xlog.LSN(int64(ev.Start) + shift)
					}
					return ev, err
				}
			})
			g.run()
			g.upstream.Advance(good)
			g.waitReply(flushedIs(good))
			g.upstream.Advance(good + 800)
			err := g.ended()
			var d *transport.DiscontinuityError
			require.ErrorAs(t, err, &d)
			require.Equal(t, good, d.Expected)
			require.Equal(t, good, g.XLog.Written())
			g.requireHeld(1, segSize.Start(1), good)
		})
	}
}

func TestMalformedMessageEndsTheConnectionAndKeepsWhatCameBefore(t *testing.T) {
	g := newRig(t)
	good := segSize.Start(1) + 800
	g.tamperWith(func(c *tampered) {
		c.receive = func(d time.Time) (transport.Event, error) {
			if g.XLog.Written() >= good {
				return transport.Event{}, &transport.ProtocolError{Op: "receive data from WAL stream", Msg: "invalid"}
			}
			return c.Conn.Receive(d)
		}
	})
	g.upstream.Advance(good)
	g.run()
	requireReported(t, g.ended(), protocol.CodeProtocolViolation, "could not receive data from WAL stream", false)
	require.Equal(t, good, g.XLog.Flushed())
	g.requireHeld(1, segSize.Start(1), good)
}

func TestUpstreamThatVanishesLeavesAllThatCameSynced(t *testing.T) {
	g := newRig(t)
	g.run()
	end := segSize.Start(2) + 800
	g.upstream.Advance(end)
	g.waitFlushed(end)
	g.upstream.Fail(&transport.ConnError{Op: "receive", Err: unix.ECONNRESET})
	err := g.ended()
	require.ErrorIs(t, err, unix.ECONNRESET)
	require.Equal(t, end, g.XLog.Flushed())
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
}

func TestWhatTheUpstreamSaidCountsMoreThanThatSendingFailed(t *testing.T) {
	g := newRig(t)
	first, end := segSize.Start(1)+800, segSize.Start(1)+90000
	var failed atomic.Bool
	g.tamperWith(func(c *tampered) {
		c.send = func([]byte) error {
			failed.Store(true)
			return &transport.ConnError{Op: "send", Err: unix.EPIPE}
		}
		c.receive = func(d time.Time) (transport.Event, error) {
			if g.XLog.Written() == end {
				return transport.Event{}, &transport.ServerError{Severity: "FATAL", Code: "57P01",
					Message: "terminating connection due to administrator command"}
			}
			return c.Conn.Receive(d)
		}
	})
	g.run()
	g.upstream.Advance(first)
	g.eventually("a send has failed", failed.Load)
	g.upstream.Advance(end)
	requireReported(t, g.ended(), "57P01", "terminating connection due to administrator command", false)
	require.Equal(t, end, g.XLog.Flushed(), "what was still in the socket is kept")
}

func TestConnectionOnWhichNothingCanBeSentEnds(t *testing.T) {
	g := newRig(t)
	g.tamperWith(func(c *tampered) {
		c.send = func([]byte) error { return &transport.ConnError{Op: "send", Err: unix.EPIPE} }
	})
	g.run()
	requireReported(t, g.ended(), protocol.CodeConnectionFailure, "could not send data to WAL stream", false)
}

func TestStreamEndsWhenTheNodeWritesWALOfItsOwn(t *testing.T) {
	g := newRig(t)
	g.run()
	g.upstream.Advance(segSize.Start(1) + 800)
	g.waitFlushed(segSize.Start(1) + 800)
	g.XLog.State.Store(uint32(xlogctl.RecoveryStateDone))
	g.wake()
	requireReported(t, g.ended(), protocol.CodeObjectNotInPrerequisiteState, "recovery has already ended", false)
}

func TestSegmentsThatAreReadyAreUsedAndMissingOnesMade(t *testing.T) {
	g := newRig(t)
	ready := g.Dir
	require.NoError(t, ready.Allocate(1, 2))
	g.run()
	end := segSize.Start(4) + 800
	g.upstream.Advance(end)
	g.waitFlushed(end)
	require.Equal(t, uint64(3), g.Ckpt.SegmentsMissed.Load(), "segments 1, 3 and 4")
	require.Equal(t, uint64(5), g.Ckpt.NextSegment.Load())
	require.Equal(t, uint32(1), g.Ckpt.NextTLI.Load())
	require.True(t, g.Ckpt.Latch.IsSet())
	g.requireHeld(1, segSize.Start(1), end)
}

func TestSegmentOfTheWrongLengthIsNotWrittenTo(t *testing.T) {
	g := newRig(t)
	require.NoError(t, g.Dir.Allocate(1, 2))
	require.NoError(t, unix.Truncate(g.Dir.SegmentPath(1, 2), int64(segSize/2)))
	g.upstream.Advance(segSize.Start(3))
	g.run()
	err := g.ended()
	requireReported(t, err, protocol.CodeIOError, "could not write WAL", false)
	require.Equal(t, segSize.Start(2), g.XLog.Flushed())
}

func TestTemporarySlotIsMadeAndNamed(t *testing.T) {
	g := newRig(t)
	g.WalRcv.Update(func(f *walrcv.Fields) { f.IsTempSlot = 1 })
	g.run()
	g.eventually("slot", func() bool { return len(g.upstream.Slots()) == 1 })
	slot := g.upstream.Slots()[0]
	require.True(t, slot.Temporary)
	require.Contains(t, slot.Name, "pg_walreceiver_")
	f := g.WalRcv.Snapshot()
	require.Equal(t, slot.Name, shmem.String(f.Slotname[:]))
}

// hanging is a transport whose Connect ends only with its context.
type hanging struct{ transport.Transport }

func (h *hanging) Connect(ctx context.Context, _ string, _ transport.ConnectOptions) (transport.Conn, error) {
	<-ctx.Done()
	return nil, &transport.ConnError{Op: "connect", Err: ctx.Err()}
}

func TestErrorsOfTheUpstreamKeepTheirStateDetailAndHint(t *testing.T) {
	server := &transport.ServerError{Severity: "ERROR", Code: "55006", Message: "slot is active", Detail: "d", Hint: "h"}
	err := upstreamError("could not start WAL streaming", server)
	state, msg, detail, hint := err.LogFields()
	require.Equal(t, []string{"55006", "could not start WAL streaming: ERROR:  slot is active", "d", "h"},
		[]string{state, msg, detail, hint})
	require.True(t, errors.Is(err, error(server)))

	gone := upstreamError("op", &transport.ServerError{Severity: "ERROR", Code: "58P01", Message: "removed"})
	require.Contains(t, gone.hint, "restore_command")
}

// askedFor keeps what a connection was asked for.
type askedFor struct {
	transport.Transport
	options chan transport.ConnectOptions
}

func (a *askedFor) Connect(ctx context.Context, conninfo string, o transport.ConnectOptions) (transport.Conn, error) {
	a.options <- o
	return a.Transport.Connect(ctx, conninfo, o)
}

func TestConnectingIsBoundedByWalReceiverTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{7 * time.Second: 7 * time.Second, 0: 30 * time.Second} {
		g := newRig(t)
		asked := &askedFor{g.Transport, make(chan transport.ConnectOptions, 1)}
		g.Transport = asked
		g.Receiver.settings.Store(&settings{statusInterval: time.Hour, timeout: timeout})
		g.run()
		require.Equal(t, want, (<-asked.options).ConnectTimeout)
		g.Stop()
		require.Error(t, g.ended())
	}
}

func TestFaultHoldsBackWhatIsSentNotWhatIsReported(t *testing.T) {
	g := newRig(t)
	at := segSize.Start(1)
	g.XLog.FaultAt.Store(uint64(at))
	g.run()
	end := at + 500
	g.upstream.Advance(end)
	r := g.waitReply(flushedIs(end))
	require.Equal(t, end, r.Write)
	require.Equal(t, at, r.Apply)
}
