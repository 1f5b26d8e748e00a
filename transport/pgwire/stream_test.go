package pgwire_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

func receive(t *testing.T, c transport.Conn) transport.Event {
	t.Helper()
	ev, err := c.Receive(time.Now().Add(time.Minute))
	require.NoError(t, err)
	return ev
}

// receiveError receives until that fails.
func receiveError(t *testing.T, c transport.Conn) error {
	t.Helper()
	for {
		if _, err := c.Receive(time.Now().Add(time.Minute)); err != nil {
			return err
		}
	}
}

func TestPiecesOfDribblingMessagesAreHandedOutAsTheyCome(t *testing.T) {
	step := make(chan struct{})
	c := streaming(t, func(p *peer) {
		msg := xlogData(streamStart, 100)
		for _, part := range [][]byte{msg[:3], msg[3:20], msg[20:40], msg[40:41], msg[41:]} {
			p.send(part)
			<-step
		}
	})
	// 5 bytes of frame and 25 of header: the third part brings the first 10 bytes of WAL.
	for range 2 {
		_, err := c.Receive(time.Now().Add(5 * time.Millisecond))
		require.ErrorIs(t, err, transport.ErrDeadline)
		step <- struct{}{}
	}
	at := streamStart
	for _, n := range []int{10, 1, 59 + 30} {
		ev := receive(t, c)
		require.Equal(t, transport.Event{
			Kind: transport.XLogData, Start: at, End: streamStart + 100, SendTime: 42, Data: walBytes(at, n),
		}, ev)
		at += xlog.LSN(n)
		step <- struct{}{}
	}
	require.Equal(t, streamStart+100, at)
}

func TestBufferedPiecesStayValidTogether(t *testing.T) {
	c := streaming(t, func(p *peer) {
		var b []byte
		for at := streamStart; at < streamStart+1000; at += 100 {
			b = append(b, xlogData(at, 100)...)
			b = protocol.AppendParameterStatus(b, "in_hot_standby", "on")
		}
		p.send(b)
		p.message()
	})
	var pieces []transport.Event
	pieces = append(pieces, receive(t, c))
	for c.Buffered() {
		ev := receive(t, c)
		if ev.Kind == transport.NoEvent {
			require.False(t, c.Buffered(), "only at the end of the buffer is there nothing for us")
			continue
		}
		pieces = append(pieces, ev)
	}
	at := streamStart
	for _, ev := range pieces {
		require.Equal(t, at, ev.Start)
		require.Equal(t, walBytes(at, len(ev.Data)), ev.Data)
		at += xlog.LSN(len(ev.Data))
	}
	require.Equal(t, "on", c.Parameter("in_hot_standby"))
}

func TestServerClosingInMidMessageIsTold(t *testing.T) {
	for name, cut := range map[string]int{"in the frame": 3, "in the header": 20, "in the data": 60} {
		t.Run(name, func(t *testing.T) {
			c := streaming(t, func(p *peer) { p.send(xlogData(streamStart, 100)[:cut]) })
			err := receiveError(t, c)
			require.ErrorIs(t, err, transport.ErrServerClosed)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			var state transport.SQLStater
			require.ErrorAs(t, err, &state)
			require.Equal(t, "08006", state.SQLState())
			_, again := c.Receive(time.Time{})
			require.Equal(t, err, again)
			_, again = c.IdentifySystem(testContext(t))
			require.Equal(t, err, again)
		})
	}
}

func TestServerClosingBetweenMessagesIsTold(t *testing.T) {
	c := streaming(t, func(p *peer) { p.send(xlogData(streamStart, 10)) })
	err := receiveError(t, c)
	require.ErrorIs(t, err, transport.ErrServerClosed)
	require.True(t, c.Pending())
}

func TestStallInMidMessageIsADeadlineAndHarmless(t *testing.T) {
	goOn := make(chan struct{})
	c := streaming(t, func(p *peer) {
		msg := xlogData(streamStart, 100)
		p.send(msg[:50])
		<-goOn
		p.send(msg[50:])
		p.message()
	})
	require.Len(t, receive(t, c).Data, 20)
	for range 3 {
		_, err := c.Receive(time.Now().Add(time.Millisecond))
		require.ErrorIs(t, err, transport.ErrDeadline)
		_, err = c.Receive(time.Unix(1, 0))
		require.ErrorIs(t, err, transport.ErrDeadline)
	}
	close(goOn)
	require.Equal(t, walBytes(streamStart+20, 80), receive(t, c).Data)
}

func TestDeadlineInThePastStillReceivesWhatIsThere(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.send(xlogData(streamStart, 10))
		p.message()
	})
	require.Eventually(t, c.Pending, time.Minute, time.Millisecond)
	ev, err := c.Receive(time.Unix(1, 0))
	require.NoError(t, err)
	require.Equal(t, transport.XLogData, ev.Kind)
}

func TestInterruptWakesReceive(t *testing.T) {
	goOn := make(chan struct{})
	c := streaming(t, func(p *peer) {
		<-goOn
		p.send(xlogData(streamStart, 10))
		p.message()
	})
	done := make(chan error)
	go func() {
		_, err := c.Receive(time.Time{})
		done <- err
	}()
	c.Interrupt()
	require.ErrorIs(t, <-done, transport.ErrInterrupted)

	c.Interrupt()
	c.Interrupt()
	_, err := c.Receive(time.Now().Add(time.Minute))
	require.ErrorIs(t, err, transport.ErrInterrupted, "one that comes before is not lost")
	_, err = c.Receive(time.Now().Add(time.Millisecond))
	require.ErrorIs(t, err, transport.ErrDeadline, "several count as one")
	close(goOn)
	require.Len(t, receive(t, c).Data, 10)
}

func TestInterruptDoesNotDisturbACommandAndIsKeptForReceive(t *testing.T) {
	asked := make(chan struct{})
	goOn := make(chan struct{})
	c := connect(t, greeted(t, func(p *peer) {
		p.expectQuery("IDENTIFY_SYSTEM")
		close(asked)
		<-goOn
		p.send(identity(nil))
		p.expectQuery("START_REPLICATION")
		p.send(protocol.AppendCopyBothResponse(nil))
		p.message()
	}), physical)
	go func() {
		<-asked
		c.Interrupt()
		close(goOn)
	}()
	id, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.SystemIdentity{SystemID: 7000000000000000001, TLI: 3, XLogPos: 0x16_B374D848}, id)
	_, err = c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: streamStart, TLI: 3})
	require.NoError(t, err)
	_, err = c.Receive(time.Now().Add(time.Minute))
	require.ErrorIs(t, err, transport.ErrInterrupted)
}

func TestPendingSeesTheSocket(t *testing.T) {
	goOn := make(chan struct{})
	c := streaming(t, func(p *peer) {
		<-goOn
		p.send(xlogData(streamStart, 10), xlogData(streamStart+10, 10))
		<-goOn
	})
	require.False(t, c.Pending())
	require.False(t, c.Buffered())
	goOn <- struct{}{}
	require.Eventually(t, c.Pending, time.Minute, time.Millisecond)
	for at := streamStart; at < streamStart+20; {
		at += xlog.LSN(len(receive(t, c).Data))
	}
	require.False(t, c.Pending())
	goOn <- struct{}{}
	require.Eventually(t, c.Pending, time.Minute, time.Millisecond, "the connection's end is something to receive")
	require.ErrorIs(t, receiveError(t, c), transport.ErrServerClosed)
}

func TestMalformedMessagesAreProtocolErrors(t *testing.T) {
	frame := func(typ byte, n uint32, body ...byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{typ}, n), body...)
	}
	for name, msg := range map[string][]byte{
		"XLogData without its header":   protocol.AppendCopyData(nil, []byte("w12345678")),
		"keepalive too short":           protocol.AppendCopyData(nil, []byte("k1234567812345678")),
		"keepalive too long":            protocol.AppendCopyData(nil, []byte("k12345678123456781x")),
		"unknown kind of CopyData":      protocol.AppendCopyData(nil, []byte("?")),
		"empty CopyData":                protocol.AppendCopyData(nil, nil),
		"unknown type":                  frame('?', 4),
		"row in mid-stream":             protocol.AppendDataRow(nil, []byte("x")),
		"length below its own":          frame('d', 3),
		"negative length":               frame('d', 0xffffffff),
		"CopyData above 1 GB":           frame('d', 0x40000000),
		"error message of absurd size":  frame('E', 0x30000000),
		"parameter of absurd size":      frame('S', 50000),
		"parameter without its value":   frame('S', 4+2, 'a', 0),
		"error that is not one":         frame('E', 4+2, 'M', 'x'),
		"ReadyForQuery in mid-stream":   ready(nil),
		"another CopyBothResponse":      protocol.AppendCopyBothResponse(nil),
		"authentication request":        protocol.AppendAuthenticationOk(nil),
		"EmptyQueryResponse mid-stream": protocol.AppendEmptyQueryResponse(nil),
	} {
		t.Run(name, func(t *testing.T) {
			c := streaming(t, func(p *peer) {
				p.send(xlogData(streamStart, 10), msg)
				p.read(1)
			})
			require.Len(t, receive(t, c).Data, 10)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := receiveError(t, c)
			runtime.ReadMemStats(&after)
			var broken *transport.ProtocolError
			require.ErrorAs(t, err, &broken)
			require.Equal(t, "08P01", broken.SQLState())
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "no memory for a length that was not believed")
		})
	}
}

func TestDiscontinuousWALIsRefused(t *testing.T) {
	for name, second := range map[string]xlog.LSN{"gap": streamStart + 101, "overlap": streamStart + 99, "repeated": streamStart} {
		t.Run(name, func(t *testing.T) {
			c := streaming(t, func(p *peer) {
				p.send(xlogData(streamStart, 100), xlogData(second, 100))
				p.read(1)
			})
			for at := streamStart; at < streamStart+100; {
				at += xlog.LSN(len(receive(t, c).Data))
			}
			_, err := c.Receive(time.Time{})
			require.Equal(t, &transport.DiscontinuityError{Expected: streamStart + 100, Got: second}, err)
		})
	}
	t.Run("at the start", func(t *testing.T) {
		c := streaming(t, func(p *peer) {
			p.send(xlogData(streamStart-1, 100))
			p.read(1)
		})
		_, err := c.Receive(time.Time{})
		require.Equal(t, &transport.DiscontinuityError{Expected: streamStart, Got: streamStart - 1}, err)
	})
}

func TestBareCommandCompleteIsTheServersShutdown(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.send(xlogData(streamStart, 10), complete(nil, "COPY 0"))
	})
	require.Len(t, receive(t, c).Data, 10)
	require.Equal(t, transport.Event{Kind: transport.EndOfCopy, Shutdown: true}, receive(t, c))
	require.Equal(t, transport.Event{Kind: transport.EndOfCopy, Shutdown: true}, receive(t, c))
	require.ErrorIs(t, c.Send(status(streamStart), time.Time{}), transport.ErrServerClosed)
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{}, next)
	_, err = c.IdentifySystem(testContext(t))
	require.ErrorIs(t, err, transport.ErrServerClosed)
}

func status(at xlog.LSN) []byte {
	return protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{Write: at, Flush: at})
}

func TestTimelinesEndGivesTheNextOne(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.send(xlogData(streamStart, 10), protocol.AppendCopyDone(nil))
		p.expect(protocol.MsgCopyData)
		p.expect(protocol.MsgCopyDone)
		p.send(switchTo(nil, "4", "0/300000A"))
		p.expectQuery("IDENTIFY_SYSTEM")
		p.send(identity(nil))
	})
	require.Len(t, receive(t, c).Data, 10)
	require.Equal(t, transport.Event{Kind: transport.EndOfCopy}, receive(t, c))
	require.NoError(t, c.Send(status(streamStart+10), time.Time{}), "our direction is still open")
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{TLI: 4, SwitchPoint: streamStart + 10}, next)
	_, err = c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	_, err = c.EndStreaming(testContext(t))
	require.ErrorIs(t, err, transport.ErrNotStreaming)
	_, err = c.Receive(time.Time{})
	require.ErrorIs(t, err, transport.ErrNotStreaming)
	require.ErrorIs(t, c.Send(nil, time.Time{}), transport.ErrNotStreaming)
}

func TestStartAtTheTimelinesEndGivesTheNextOneWithoutAStream(t *testing.T) {
	c := connect(t, greeted(t, func(p *peer) {
		require.Equal(t, `START_REPLICATION SLOT "a ""slot""" 0/3000000 TIMELINE 1`, p.expectQuery("START"))
		p.send(switchTo(nil, "2", "0/3000000"))
	}), physical)
	got, err := c.StartStreaming(testContext(t), transport.StreamOptions{
		SlotName: `a "slot"`, StartPoint: streamStart, TLI: 1,
	})
	require.NoError(t, err)
	require.Equal(t, transport.StartResult{Next: transport.NextTimeline{TLI: 2, SwitchPoint: streamStart}}, got)
}

func TestMalformedTimelineSwitchIsAProtocolError(t *testing.T) {
	for name, answer := range map[string][]byte{
		"timeline": switchTo(nil, "x", "0/0"),
		"position": switchTo(nil, "2", "0"),
		"one column": ready(complete(protocol.AppendDataRow(
			protocol.AppendRowDescription(nil, protocol.Column{Name: "next_tli"}), []byte("2")), "START_STREAMING")),
		"no row": ready(complete(protocol.AppendRowDescription(nil,
			protocol.Column{Name: "next_tli"}, protocol.Column{Name: "next_tli_startpos"}), "START_STREAMING")),
		"row of another width": ready(complete(protocol.AppendDataRow(
			protocol.AppendRowDescription(nil, protocol.Column{Name: "next_tli"}), []byte("2"), []byte("3")), "START_STREAMING")),
	} {
		t.Run(name, func(t *testing.T) {
			c := streaming(t, func(p *peer) {
				p.send(protocol.AppendCopyDone(nil))
				p.expect(protocol.MsgCopyDone)
				p.send(answer)
				p.message()
			})
			_, err := c.EndStreaming(testContext(t))
			var broken *transport.ProtocolError
			require.ErrorAs(t, err, &broken)
		})
	}
}

func TestEndStreamingInMidStreamThrowsTheRestAway(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.send(xlogData(streamStart, 10))
		p.expect(protocol.MsgCopyDone)
		p.send(xlogData(streamStart+10, 100000), protocol.AppendKeepalive(nil, &protocol.Keepalive{}),
			protocol.AppendCopyDone(nil), ready(complete(complete(nil, "START_STREAMING"), "START_REPLICATION")))
		p.expectQuery("IDENTIFY_SYSTEM")
		p.send(identity(nil))
	})
	require.Len(t, receive(t, c).Data, 10)
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{}, next)
	_, err = c.IdentifySystem(testContext(t))
	require.NoError(t, err)
}

func TestEndStreamingMeetsTheServersShutdown(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.expect(protocol.MsgCopyDone)
		p.send(xlogData(streamStart, 10), complete(nil, "COPY 0"))
	})
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{}, next)
}

func TestErrorInMidStreamLeavesTheConnectionUsable(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.send(xlogData(streamStart, 10), serverFailure("ERROR", "58P01", "requested WAL segment has already been removed"))
		p.send(ready(nil))
		p.expectQuery("IDENTIFY_SYSTEM")
		p.send(identity(nil))
	})
	require.Equal(t, &transport.ServerError{
		Severity: "ERROR", Code: "58P01", Message: "requested WAL segment has already been removed",
		Detail: "the detail", Hint: "the hint",
	}, receiveError(t, c))
	_, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
}

func TestFatalInMidStreamEndsTheConnection(t *testing.T) {
	c := streaming(t, func(p *peer) {
		p.send(serverFailure("FATAL", "57P01", "terminating connection due to administrator command"))
	})
	err := receiveError(t, c)
	require.EqualError(t, err, "FATAL:  terminating connection due to administrator command")
	_, again := c.IdentifySystem(testContext(t))
	require.ErrorIs(t, again, err)
}

func TestKeepalivesNoticesAndParametersInMidStream(t *testing.T) {
	var notices []*transport.ServerError
	conninfo := greeted(t, func(p *peer) {
		p.expectQuery("START_REPLICATION")
		p.send(protocol.AppendCopyBothResponse(nil),
			protocol.AppendNoticeResponse(nil, &protocol.Error{Severity: "WARNING", Code: "01000", Message: "mind the gap"}),
			protocol.AppendParameterStatus(nil, "in_hot_standby", "on"),
			protocol.AppendKeepalive(nil, &protocol.Keepalive{WalEnd: 99, SendTime: 5, ReplyRequested: true}))
		p.message()
	})
	c := connect(t, conninfo, transport.ConnectOptions{
		Replication: true, Notice: func(e *transport.ServerError) { notices = append(notices, e) },
	})
	_, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: streamStart})
	require.NoError(t, err)
	ev := receive(t, c)
	for ev.Kind == transport.NoEvent {
		ev = receive(t, c)
	}
	require.Equal(t, transport.Event{Kind: transport.Keepalive, End: 99, SendTime: 5, ReplyRequested: true}, ev)
	require.Equal(t, []*transport.ServerError{{Severity: "WARNING", Code: "01000", Message: "mind the gap"}}, notices)
	require.Equal(t, "on", c.Parameter("in_hot_standby"))
}

func TestSendRunsBesideReceiveAndKeepsMessagesWhole(t *testing.T) {
	const senders, each = 4, 200
	counted := make(chan map[xlog.LSN]int, 1)
	c := streaming(t, func(p *peer) {
		got := make(map[xlog.LSN]int)
		for range senders * each {
			var m protocol.StandbyStatusUpdate
			if err := protocol.DecodeStandbyStatusUpdate(p.expect(protocol.MsgCopyData), &m); err != nil {
				p.stop("%v", err)
			}
			got[m.Flush]++
		}
		counted <- got
		p.send(protocol.AppendKeepalive(nil, &protocol.Keepalive{}))
	})
	for i := range senders {
		go func() {
			for range each {
				if err := c.Send(status(xlog.LSN(i+1)), time.Time{}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	require.Equal(t, transport.Keepalive, receive(t, c).Kind)
	require.Equal(t, map[xlog.LSN]int{1: each, 2: each, 3: each, 4: each}, <-counted)
}

func TestSendToAServerThatDoesNotReadEndsAtTheDeadline(t *testing.T) {
	goOn := make(chan struct{})
	c := streaming(t, func(p *peer) {
		<-goOn
		p.send(serverFailure("FATAL", "57P01", "why"))
	})
	big := protocol.AppendCopyData(nil, make([]byte, 64<<20))
	err := c.Send(big, time.Now().Add(20*time.Millisecond))
	require.ErrorIs(t, err, transport.ErrDeadline)
	require.Equal(t, err, c.Send(status(1), time.Time{}), "half a message was sent: nothing can follow")
	close(goOn)
	require.EqualError(t, receiveError(t, c), "FATAL:  why", "but what the server has to say is still received")
}

func TestCloseWakesABlockedSend(t *testing.T) {
	received := make(chan struct{})
	c := streaming(t, func(p *peer) {
		p.read(1)
		close(received)
		<-t.Context().Done()
	})
	done := make(chan error)
	go func() { done <- c.Send(protocol.AppendCopyData(nil, make([]byte, 64<<20)), time.Time{}) }()
	<-received
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-done, net.ErrClosed)
}

func TestCloseWakesReceiveAndTellsTheServer(t *testing.T) {
	ended := make(chan byte, 1)
	c := streaming(t, func(p *peer) {
		typ, _ := p.message()
		ended <- typ
	})
	done := make(chan error)
	go func() {
		_, err := c.Receive(time.Time{})
		done <- err
	}()
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-done, net.ErrClosed)
	require.Equal(t, byte(protocol.MsgTerminate), <-ended)
	require.NoError(t, c.Close())
}

func TestCancelledCommandClosesTheConnectionAtOnce(t *testing.T) {
	asked, closed := make(chan struct{}), make(chan error, 1)
	c := connect(t, greeted(t, func(p *peer) {
		p.expectQuery("IDENTIFY_SYSTEM")
		close(asked)
		_, err := p.conn.Read(make([]byte, 1))
		closed <- err
	}), physical)
	ctx, cancel := context.WithCancel(testContext(t))
	go func() {
		<-asked
		cancel()
	}()
	_, err := c.IdentifySystem(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, <-closed, io.EOF)
	_, again := c.IdentifySystem(testContext(t))
	require.Equal(t, err, again)
}

func TestContextThatIsDoneDoesNotHarmTheConnection(t *testing.T) {
	c := connect(t, greeted(t, func(p *peer) {
		p.expectQuery("IDENTIFY_SYSTEM")
		p.send(identity(nil))
	}), physical)
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	_, err := c.IdentifySystem(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.IdentifySystem(testContext(t))
	require.NoError(t, err)
}
