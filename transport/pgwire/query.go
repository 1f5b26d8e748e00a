package pgwire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"waypost/protocol"
	"waypost/transport"
)

// Message types of COPY by SQL, which replication does not have.
const (
	msgCopyInResponse  = 'G'
	msgCopyOutResponse = 'H'
)

// errEmptyQuery is libpqwalreceiver's word for a query with nothing in it.
var errEmptyQuery = errors.New("empty query")

// query runs a simple query to its end, or to the start of a COPY, which then is the last result.
func (c *conn) query(ctx context.Context, op, sql string) (results []transport.ExecResult, err error) {
	end, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer end(&err)
	if err := c.becomeIdle(op); err != nil {
		return nil, err
	}
	if err := c.write(op, protocol.AppendQuery(nil, sql), c.src.deadline); err != nil {
		// The server may have said why before it closed.
		if results, readErr := c.results(op); readErr != nil {
			return results, readErr
		}
		return nil, c.fail(err)
	}
	return c.results(op)
}

// becomeIdle reads the rest of what an error ended.
func (c *conn) becomeIdle(op string) error {
	switch c.phase.Load() {
	case idle:
		return nil
	case shutdown:
		return c.fail(&transport.ConnError{Op: op, Err: transport.ErrServerClosed})
	case unready:
		_, err := c.results(op)
		return err
	}
	return transport.ErrBusy
}

// results reads a simple query's answer up to ReadyForQuery, or to the start of a COPY.
func (c *conn) results(op string) ([]transport.ExecResult, error) {
	var done []transport.ExecResult
	var failed error
	var current transport.ExecResult
	for {
		if err := c.next(op); err != nil {
			if failed != nil {
				return nil, failed // the better reason
			}
			return nil, err
		}
		if c.leftOver() {
			continue
		}
		var err error
		switch c.msg.Type {
		case protocol.MsgRowDescription:
			current = transport.ExecResult{Status: transport.ExecOKTuples}
			current.Columns, err = decodeRowDescription(c.msg.Body)
		case protocol.MsgDataRow:
			err = addRow(&current, c.msg.Body)
		case protocol.MsgCommandComplete:
			if current.Status == 0 {
				current.Status = transport.ExecOKCommand
			}
			current.Tag, err = protocol.DecodeCommandComplete(c.msg.Body)
			done, current = append(done, current), transport.ExecResult{}
		case protocol.MsgEmptyQueryResponse:
			failed = errEmptyQuery
		case protocol.MsgErrorResponse:
			if failed = c.serverError(op); c.broken != nil {
				return nil, failed
			}
		case protocol.MsgReadyForQuery:
			c.phase.Store(idle)
			return done, failed
		case msgCopyInResponse:
			return append(done, c.startCopy(copyIn, transport.ExecOKCopyIn)), nil
		case msgCopyOutResponse:
			return append(done, c.startCopy(copyOut, transport.ExecOKCopyOut)), nil
		case protocol.MsgCopyBothResponse:
			return append(done, c.startCopy(copyBoth, transport.ExecOKCopyBoth)), nil
		default:
			return nil, c.unexpected(op)
		}
		if err != nil {
			return nil, c.fail(readError(op, err))
		}
	}
}

// leftOver says whether c.msg is of a stream that is over: a logical walsender may send on after its own CopyDone.
// libpq drops it, too.
func (c *conn) leftOver() bool {
	return c.msg.Kind != protocol.StreamOther || c.msg.Type == protocol.MsgCopyData
}

func (c *conn) startCopy(p phase, status transport.ExecStatus) transport.ExecResult {
	c.phase.Store(p)
	return transport.ExecResult{Status: status}
}

func errMalformed() error {
	return protocol.Errorf(protocol.CodeProtocolViolation, "insufficient data left in message")
}

// decodeRowDescription reads the columns' names and types; their other properties are of no interest here.
func decodeRowDescription(body []byte) ([]transport.Column, error) {
	const fixed = 4 + 2 + 4 + 2 + 4 + 2 // table, attribute, type, length, modifier, format
	if len(body) < 2 {
		return nil, errMalformed()
	}
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	var columns []transport.Column
	for range n {
		end := bytes.IndexByte(body, 0)
		if end < 0 || len(body) < end+1+fixed {
			return nil, errMalformed()
		}
		typeOID := binary.BigEndian.Uint32(body[end+1+4+2:])
		columns = append(columns, transport.Column{Name: string(body[:end]), TypeOID: typeOID})
		body = body[end+1+fixed:]
	}
	return columns, nil
}

func addRow(result *transport.ExecResult, body []byte) error {
	raw, err := protocol.DecodeDataRow(body, nil)
	if err != nil {
		return err
	}
	if len(raw) != len(result.Columns) {
		return protocol.Errorf(protocol.CodeProtocolViolation, "unexpected field count in \"D\" message")
	}
	row := make([]transport.Value, len(raw))
	for i, v := range raw {
		row[i] = transport.Value{Text: string(v), Valid: v != nil}
	}
	result.Rows = append(result.Rows, row)
	return nil
}
