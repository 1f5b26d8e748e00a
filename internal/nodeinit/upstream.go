package nodeinit

import (
	"context"
	"errors"
	"fmt"

	"waypost/internal/guc"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// upstream is what a server says of itself.
type upstream struct {
	conn      transport.Conn
	identity  transport.SystemIdentity
	version   transport.ServerVersion
	wal       walfile.Version
	segSize   xlog.SegSize
	checksums bool
	history   *walfile.History
	files     []historyFile
}

// historyFile is a checked history file.
type historyFile struct {
	tli  xlog.TimeLineID
	text []byte
}

// connect opens a replication connection and learns all that does not depend on where to start.
func connect(ctx context.Context, t transport.Transport, conninfo string) (*upstream, error) {
	conn, err := t.Connect(ctx, conninfo, transport.ConnectOptions{Replication: true, ApplicationName: "waypost"})
	if err != nil {
		return nil, upstreamError("connect to the upstream", err)
	}
	up := &upstream{conn: conn, version: conn.ServerVersion()}
	if err := up.learn(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return up, nil
}

func (up *upstream) learn(ctx context.Context) (err error) {
	if up.wal, err = walfile.VersionOfServer(up.version.Num); err != nil {
		return &Error{Message: fmt.Sprintf("the upstream is PostgreSQL %s, which is not supported", up.version.Text), Err: err,
			Detail: fmt.Sprintf("Waypost relays WAL of PostgreSQL %d to %d.", walfile.OldestVersion, walfile.NewestVersion)}
	}
	if up.identity, err = up.conn.IdentifySystem(ctx); err != nil {
		return upstreamError("ask the upstream who it is", err)
	}
	if err := up.learnSizes(ctx); err != nil {
		return err
	}
	checksums, err := up.show(ctx, guc.DataChecksums)
	if err != nil {
		return err
	}
	up.checksums, _ = guc.ParseBool(checksums) // anything but a yes is a no
	return up.learnHistory(ctx)
}

// learnSizes asks for the sizes of WAL segments and pages.
func (up *upstream) learnSizes(ctx context.Context) error {
	size, err := up.show(ctx, guc.WalSegmentSize)
	if err != nil {
		return err
	}
	s := guc.New()
	if err := s.SetID(guc.WalSegmentSize, size, guc.SourceOverride); err == nil {
		up.segSize = xlog.SegSize(s.Bytes(guc.WalSegmentSize))
	}
	if !up.segSize.Valid() {
		return &Error{Message: fmt.Sprintf("the upstream's WAL segment size %q is not one that PostgreSQL allows", size)}
	}
	page, err := up.show(ctx, guc.WalBlockSize)
	if err != nil {
		return err
	}
	if page != fmt.Sprint(xlog.PageSize) {
		return &Error{Message: fmt.Sprintf("the upstream was built with WAL pages of %s bytes", page),
			Detail: fmt.Sprintf("Only the default, %d bytes, is supported.", xlog.PageSize)}
	}
	return nil
}

// show asks for one setting's value.
func (up *upstream) show(ctx context.Context, id guc.ID) (string, error) {
	doing := "ask the upstream for " + id.String()
	row, err := up.row(ctx, "SHOW "+id.String(), 1)
	if err != nil {
		return "", upstreamError(doing, err)
	}
	return row[0].Text, nil
}

var errNotOneRow = errors.New("unexpected answer")

// row runs a command that answers with one row of at least so many columns.
func (up *upstream) row(ctx context.Context, command string, columns int) ([]transport.Value, error) {
	res, err := up.conn.Exec(ctx, command)
	if err != nil {
		return nil, err
	}
	if len(res.Rows) != 1 || len(res.Rows[0]) < columns {
		return nil, errNotOneRow
	}
	return res.Rows[0], nil
}

// learnHistory fetches the history file of the upstream's timeline, and those of the timelines that it descends from
// as far as the upstream has them: clients that are behind will ask for them.
func (up *upstream) learnHistory(ctx context.Context) error {
	up.history = walfile.NewHistory(up.identity.TLI)
	if up.identity.TLI <= 1 {
		return nil
	}
	file, err := up.fetchHistory(ctx, up.identity.TLI)
	if err != nil {
		return upstreamError(fmt.Sprintf("fetch the history of timeline %d", up.identity.TLI), err)
	}
	if up.history, err = walfile.ParseHistory(file.tli, file.text); err != nil {
		return &Error{Message: fmt.Sprintf("the upstream's history of timeline %d is not valid: %v", file.tli, err), Err: err}
	}
	up.files = append(up.files, file)
	for _, entry := range up.history.Entries() {
		if entry.TLI == 1 || entry.TLI == up.identity.TLI {
			continue
		}
		file, err := up.fetchHistory(ctx, entry.TLI)
		var refused *transport.ServerError
		if errors.As(err, &refused) {
			continue // the upstream does without it, so can we
		}
		if err != nil {
			return upstreamError(fmt.Sprintf("fetch the history of timeline %d", entry.TLI), err)
		}
		up.files = append(up.files, file)
	}
	return nil
}

func (up *upstream) fetchHistory(ctx context.Context, tli xlog.TimeLineID) (historyFile, error) {
	f, err := up.conn.ReadTimelineHistoryFile(ctx, tli)
	if err != nil {
		return historyFile{}, err
	}
	if f.Name != walfile.HistoryName(tli) {
		return historyFile{}, fmt.Errorf("the upstream sent %q", f.Name)
	}
	if _, err := walfile.ParseHistory(tli, f.Content); err != nil {
		return historyFile{}, err
	}
	return historyFile{tli, f.Content}, nil
}
