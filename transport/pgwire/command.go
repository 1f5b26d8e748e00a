package pgwire

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"waypost/transport"
	"waypost/xlog"
)

// row runs a command of the replication grammar that answers with one row of at least so many columns.
func (c *conn) row(ctx context.Context, op, command string, columns int) ([]transport.Value, error) {
	results, err := c.query(ctx, op, command)
	if err != nil {
		return nil, wrap(op, err)
	}
	return oneRow(op, results, columns)
}

// wrap adds what was being done to an error that does not say so itself.
func wrap(op string, err error) error {
	switch err.(type) {
	case *transport.ServerError:
		return fmt.Errorf("%s: %w", op, err)
	}
	return err
}

func oneRow(op string, results []transport.ExecResult, columns int) ([]transport.Value, error) {
	for _, r := range results {
		if r.Status != transport.ExecOKTuples {
			continue
		}
		if len(r.Rows) != 1 || len(r.Columns) < columns {
			return nil, &transport.ProtocolError{Op: op, Msg: fmt.Sprintf(
				"got %d rows and %d fields, expected 1 row and %d or more fields", len(r.Rows), len(r.Columns), columns)}
		}
		return r.Rows[0], nil
	}
	return nil, &transport.ProtocolError{Op: op, Msg: "got no rows"}
}

func (c *conn) IdentifySystem(ctx context.Context) (transport.SystemIdentity, error) {
	const op = "identify system"
	row, err := c.row(ctx, op, "IDENTIFY_SYSTEM", 3)
	if err != nil {
		return transport.SystemIdentity{}, err
	}
	id := transport.SystemIdentity{}
	if id.SystemID, err = strconv.ParseUint(row[0].Text, 10, 64); err != nil {
		return id, &transport.ProtocolError{Op: op, Msg: fmt.Sprintf("invalid system identifier %q", row[0].Text)}
	}
	if id.TLI, err = parseTLI(op, row[1]); err != nil {
		return id, err
	}
	if id.XLogPos, err = parseLSN(op, row[2]); err != nil {
		return id, err
	}
	if len(row) > 3 {
		id.DBName = row[3].Text
	}
	return id, nil
}

func parseTLI(op string, v transport.Value) (xlog.TimeLineID, error) {
	n, err := strconv.ParseUint(v.Text, 10, 32)
	if err != nil {
		return 0, &transport.ProtocolError{Op: op, Msg: fmt.Sprintf("invalid timeline %q", v.Text)}
	}
	return xlog.TimeLineID(n), nil
}

func parseLSN(op string, v transport.Value) (xlog.LSN, error) {
	lsn, err := xlog.ParseLSN(v.Text)
	if err != nil {
		return 0, &transport.ProtocolError{Op: op, Msg: err.Error()}
	}
	return lsn, nil
}

func (c *conn) ReadTimelineHistoryFile(ctx context.Context, tli xlog.TimeLineID) (transport.HistoryFile, error) {
	row, err := c.row(ctx, "read timeline history file", fmt.Sprintf("TIMELINE_HISTORY %d", tli), 2)
	if err != nil {
		return transport.HistoryFile{}, err
	}
	return transport.HistoryFile{Name: row[0].Text, Content: []byte(row[1].Text)}, nil
}

// quoteIdentifier writes name so that the replication grammar and SQL read it back as it is.
func quoteIdentifier(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// quoteLiteral writes s as a string constant, whatever standard_conforming_strings is.
func quoteLiteral(s string) string {
	s = strings.ReplaceAll(s, `'`, `''`)
	if strings.Contains(s, `\`) {
		return ` E'` + strings.ReplaceAll(s, `\`, `\\`) + `'`
	}
	return `'` + s + `'`
}

func (c *conn) Exec(ctx context.Context, query string) (*transport.ExecResult, error) {
	results, err := c.query(ctx, "execute query", query)
	if err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return nil, c.fail(&transport.ProtocolError{Op: "execute query", Msg: "got no result"})
	}
	last := results[len(results)-1]
	return &last, nil
}

// secureSearchPath keeps objects of the publisher's users from being found in the place of the system's.
func (c *conn) secureSearchPath(ctx context.Context) error {
	if _, err := c.Exec(ctx, "SELECT pg_catalog.set_config('search_path', '', false);"); err != nil {
		return fmt.Errorf("clear search path: %w", err)
	}
	return nil
}
