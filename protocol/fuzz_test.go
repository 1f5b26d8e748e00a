package protocol

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

func FuzzStartupPacket(f *testing.F) {
	f.Add(withLength(startup(LatestVersion, "user u database d replication true options -c\\ a=b  ")))
	f.Add(withLength(startup(LatestVersion+3, "user u _pq_.x y  ")))
	f.Add(withLength(startup(CancelRequestCode, "\x00\x00\x00\x01abcd")))
	f.Add(withLength(startup(SSLRequestCode, "")))
	f.Add([]byte{0x16, 3, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		packet, err := NewReader(bytes.NewReader(b)).ReadStartupPacket()
		if err != nil {
			requireKnown(t, err, io.EOF, ErrDirectTLS)
			return
		}
		require.LessOrEqual(t, len(packet), maxStartupPacket)
		p, err := ParseStartupPacket(packet)
		if err != nil {
			requireKnown(t, err)
			return
		}
		if m, ok := p.(*StartupMessage); ok {
			require.NotEmpty(t, m.User)
			require.Equal(t, m.Replication == ReplicationPhysical, m.Database == "")
			require.LessOrEqual(t, max(len(m.User), len(m.Database)), maxNameLen)
			if _, err := ParseOptions(m.Options); err != nil {
				requireKnown(t, err)
			}
		}
	})
}

// requireKnown checks that an error is an *Error with what a user needs, or one of the others.
func requireKnown(t *testing.T, err error, others ...error) {
	for _, o := range others {
		if errors.Is(err, o) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
	}
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Len(t, string(e.Code), 5)
	require.NotEmpty(t, e.Message)
	require.NotEmpty(t, e.Severity)
	if !e.LogOnly {
		back, err := DecodeErrorResponse(AppendErrorResponse(nil, e)[frameLen:])
		require.NoError(t, err)
		require.Equal(t, e.Code, back.Code)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(AppendQuery(AppendQuery(nil, "IDENTIFY_SYSTEM"), "SHOW x"), uint8(PhaseCommand))
	f.Add(AppendCopyDone(AppendStandbyStatusUpdate(nil, &StandbyStatusUpdate{Write: 1})), uint8(PhaseCopyBoth))
	f.Add(AppendHotStandbyFeedback(nil, &HotStandbyFeedback{Xmin: 1}), uint8(PhaseCopyBoth))
	f.Add(message('p', "secret\x00"), uint8(PhasePassword))
	f.Add([]byte("p\x00\x00\x04\x01"), uint8(PhaseSASL))
	f.Fuzz(func(t *testing.T, b []byte, phase uint8) {
		r := NewReader(bytes.NewReader(b))
		var seen []byte
		for {
			typ, body, err := r.Next(Phase(phase % 4))
			if err != nil {
				requireKnown(t, err, io.EOF)
				break
			}
			seen = append(appendFrame(seen, typ, len(body)), body...)
			fuzzBody(t, typ, body)
		}
		require.True(t, bytes.HasPrefix(b, seen))
		require.LessOrEqual(t, len(r.in.buf), max(readerMinBuffer, 2*len(b)))
	})
}

// fuzzBody gives a frontend's message to the decoder that a walsender would give it to. What decodes must be the same
// again when it is encoded, up to bytes that PostgreSQL does not look at either.
func fuzzBody(t *testing.T, typ byte, body []byte) {
	switch typ {
	case MsgQuery:
		if sql, err := DecodeQuery(body); err == nil {
			require.Equal(t, body, AppendQuery(nil, sql)[frameLen:])
		}
	case MsgCopyData:
		kind, err := StandbyMessageType(body)
		if err != nil {
			return
		}
		if kind == 'r' {
			var m StandbyStatusUpdate
			if DecodeStandbyStatusUpdate(body, &m) == nil {
				again := AppendStandbyStatusUpdate(nil, &m)[frameLen:]
				require.Equal(t, body[:standbyStatusUpdateLen-1], again[:standbyStatusUpdateLen-1])
			}
			return
		}
		var m HotStandbyFeedback
		if DecodeHotStandbyFeedback(body, &m) == nil {
			require.Equal(t, body[:hotStandbyFeedbackLen], AppendHotStandbyFeedback(nil, &m)[frameLen:])
		}
	}
}

func FuzzReplicationCommand(f *testing.F) {
	for _, q := range []string{
		"IDENTIFY_SYSTEM;", "SHOW a.\"b\"", "TIMELINE_HISTORY 3", "START_REPLICATION SLOT s PHYSICAL 0/1 TIMELINE 2",
		"START_REPLICATION SLOT s LOGICAL A/B (a 'b''c', d)", "CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL p USE_SNAPSHOT",
		"CREATE_REPLICATION_SLOT s PHYSICAL (RESERVE_WAL 1)", "DROP_REPLICATION_SLOT s WAIT", "UPLOAD_MANIFEST",
		"ALTER_REPLICATION_SLOT s (failover 'on')", "BASE_BACKUP (LABEL 'x', WAIT)", "READ_REPLICATION_SLOT s", "SELECT 1",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		cmd, notices, err := ParseReplicationCommand(query)
		for _, n := range notices {
			require.Equal(t, CodeNameTooLong, n.Code)
		}
		if err != nil {
			require.Nil(t, cmd)
			requireKnown(t, err, ErrNotReplicationCommand)
			return
		}
		requireSane(t, cmd)
		again, _, err := ParseReplicationCommand(" " + query + "\n\x00 anything")
		require.NoError(t, err)
		require.Equal(t, cmd, again)
	})
}

func requireSane(t *testing.T, cmd ReplicationCommand) {
	switch cmd := cmd.(type) {
	case *CreateReplicationSlotCmd:
		require.LessOrEqual(t, len(cmd.SlotName), maxNameLen)
		if _, err := cmd.ParseOptions(); err != nil {
			requireKnown(t, err)
		}
	case *AlterReplicationSlotCmd:
		require.NotEmpty(t, cmd.Options)
		if _, err := cmd.ParseOptions(); err != nil {
			requireKnown(t, err)
		}
	case *TimeLineHistoryCmd:
		require.NotZero(t, cmd.Timeline)
	case *StartReplicationCmd:
		if cmd.Kind == LogicalReplication {
			require.True(t, cmd.HasSlot)
			require.Zero(t, cmd.Timeline)
		}
	}
}

// FuzzStreamDecoder reads the same bytes at once and in drips, which must give the same WAL and the same end.
func FuzzStreamDecoder(f *testing.F) {
	stream, _, _ := someStream(rand.New(rand.NewPCG(1, 2)), 0x1000, 5)
	f.Add(stream, uint64(1))
	f.Add(AppendErrorResponse(stream, Errorf(CodeIOError, "x")), uint64(2))
	f.Add(AppendXLogData(nil, &XLogData{Start: 1, Data: []byte("abc")})[:XLogDataHeaderLen+1], uint64(3))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		once, endOnce := digest(t, NewStreamDecoder(bytes.NewReader(b), 0))
		drips, endDrips := digest(t, NewStreamDecoder(&drip{data: b, rnd: rand.New(rand.NewPCG(seed, 0))}, 0))
		require.Equal(t, once, drips)
		require.Equal(t, endOnce, endDrips)
	})
}

// digest reads a stream to its end, joins the pieces that follow each other and gives all of it as bytes.
func digest(t *testing.T, d *StreamDecoder) (all []byte, end string) {
	var m StreamMessage
	var next xlog.LSN
	joined := false
	for {
		err := d.Next(&m)
		if errors.Is(err, errNotNow) {
			continue
		}
		if err != nil {
			requireKnown(t, err, io.EOF)
			return all, err.Error()
		}
		switch m.Kind {
		case StreamWAL:
			if !joined || m.Start != next {
				all = append(m.Start.Append(append(all, 'w')), ' ')
			}
			all = append(all, m.Data...)
			next, joined = m.Start+xlog.LSN(len(m.Data)), true
			continue
		case StreamKeepalive:
			all = append(m.WalEnd.Append(append(all, 'k')), boolByte(m.ReplyRequested))
		default:
			all = append(append(all, m.Type), m.Body...)
		}
		joined = false
	}
}
