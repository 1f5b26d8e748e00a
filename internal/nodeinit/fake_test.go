package nodeinit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// fakeUpstream answers as a server would that has this WAL. Methods that init does not need are not there.
type fakeUpstream struct {
	transport.Transport
	transport.Conn
	version   string
	num       int
	shows     map[string]string
	identity  transport.SystemIdentity
	histories map[xlog.TimeLineID]string
	slot      []transport.Value
	page      walfile.PageHeader
	piece     int // how many bytes Receive gives at a time
	sent      int
	asked     []string
	closed    bool
}

func newFake() *fakeUpstream {
	f := &fakeUpstream{
		version: "15.18", num: 150018, piece: 7,
		shows: map[string]string{"wal_segment_size": "1MB", "wal_block_size": "8192", "data_checksums": "on"},
		identity: transport.SystemIdentity{
			SystemID: 7710099792495901303, TLI: 1, XLogPos: 0x5123456,
		},
	}
	f.page = walfile.PageHeader{
		Magic: walfile.V15.Magic(), Info: walfile.LongHeader, TLI: 1, Addr: 0x5100000,
		SystemID: f.identity.SystemID, SegSize: 1 << 20, BlockSize: xlog.PageSize,
	}
	return f
}

func (f *fakeUpstream) CheckConninfo(string, bool) error { return nil }

func (f *fakeUpstream) Connect(context.Context, string, transport.ConnectOptions) (transport.Conn, error) {
	return f, nil
}

func (f *fakeUpstream) SenderInfo() (string, int) { return "fake", 5432 }

func (f *fakeUpstream) ServerVersion() transport.ServerVersion {
	return transport.ServerVersion{Num: f.num, Text: f.version}
}

func (f *fakeUpstream) IdentifySystem(context.Context) (transport.SystemIdentity, error) {
	return f.identity, nil
}

func (f *fakeUpstream) Exec(_ context.Context, query string) (*transport.ExecResult, error) {
	f.asked = append(f.asked, query)
	if name, ok := strings.CutPrefix(query, "SHOW "); ok {
		value, known := f.shows[name]
		if !known {
			return nil, &transport.ServerError{Severity: "ERROR", Code: "42704", Message: fmt.Sprintf("unrecognized configuration parameter %q", name)}
		}
		return &transport.ExecResult{Rows: [][]transport.Value{{{Text: value, Valid: true}}}}, nil
	}
	if strings.HasPrefix(query, "READ_REPLICATION_SLOT ") {
		return &transport.ExecResult{Rows: [][]transport.Value{f.slot}}, nil
	}
	return nil, fmt.Errorf("the fake does not know %q", query)
}

func (f *fakeUpstream) ReadTimelineHistoryFile(_ context.Context, tli xlog.TimeLineID) (transport.HistoryFile, error) {
	text, ok := f.histories[tli]
	if !ok {
		return transport.HistoryFile{}, &transport.ServerError{Severity: "ERROR", Code: "58P01", Message: "could not open file"}
	}
	return transport.HistoryFile{Name: walfile.HistoryName(tli), Content: []byte(text)}, nil
}

func (f *fakeUpstream) StartStreaming(_ context.Context, opts transport.StreamOptions) (transport.StartResult, error) {
	f.asked = append(f.asked, fmt.Sprintf("START_REPLICATION %s TIMELINE %d", opts.StartPoint, opts.TLI))
	return transport.StartResult{Streaming: true}, nil
}

func (f *fakeUpstream) Receive(time.Time) (transport.Event, error) {
	b := f.page.Append(nil)
	rest := b[min(f.sent, len(b)):]
	rest = rest[:min(f.piece, len(rest))]
	f.sent += len(rest)
	return transport.Event{Kind: transport.XLogData, Data: rest}, nil
}

func (f *fakeUpstream) EndStreaming(context.Context) (transport.NextTimeline, error) {
	return transport.NextTimeline{}, nil
}

func (f *fakeUpstream) Interrupt()   {}
func (f *fakeUpstream) Close() error { f.closed = true; return nil }
