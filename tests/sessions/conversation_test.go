package sessions

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// The frontend's messages, short: a conversation is a list of turns, and a turn what is sent before an answer is read up to
// ReadyForQuery.
type turn []pgproto3.FrontendMessage

func query(sql string) turn { return turn{&pgproto3.Query{String: sql}} }

func parse(name, sql string, types ...uint32) pgproto3.FrontendMessage {
	return &pgproto3.Parse{Name: name, Query: sql, ParameterOIDs: types}
}

func bind(portal, statement string, params ...string) *pgproto3.Bind {
	b := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: statement}
	for _, p := range params {
		b.Parameters = append(b.Parameters, []byte(p))
	}
	return b
}

// in has the parameters, and the results, in these formats.
func in(b *pgproto3.Bind, params, results []int16) *pgproto3.Bind {
	b.ParameterFormatCodes, b.ResultFormatCodes = params, results
	return b
}

func describe(kind byte, name string) pgproto3.FrontendMessage {
	return &pgproto3.Describe{ObjectType: kind, Name: name}
}

func execute(portal string, rows uint32) pgproto3.FrontendMessage {
	return &pgproto3.Execute{Portal: portal, MaxRows: rows}
}

func closing(kind byte, name string) pgproto3.FrontendMessage {
	return &pgproto3.Close{ObjectType: kind, Name: name}
}

// synced ends a turn of the extended protocol.
func synced(messages ...pgproto3.FrontendMessage) turn {
	return append(messages, &pgproto3.Sync{})
}

const three = "SELECT n, n::text AS x FROM (VALUES (1), (2), (3)) v(n) ORDER BY n"

// conversations are held with both servers.
var conversations = []struct {
	name  string
	turns []turn
}{
	{"the usual way", []turn{
		synced(parse("", "SELECT $1::int + 1 AS a, $2::text AS b"), describe('S', ""), bind("", "", "41", "x"), describe('P', ""),
			execute("", 0)),
		synced(bind("", "", "1", "y"), execute("", 0)),
	}},
	{"binary in and out", []turn{
		synced(parse("", "SELECT $1 + 1, $2", 23, 3220),
			in(bind("", "", "\x00\x00\x00\x29", "\x00\x00\x00\x00\x03\x00\x01\x48"), []int16{1}, []int16{1}),
			describe('P', ""), execute("", 0)),
		synced(parse("", "SELECT 1, 'a', 2.5, true"), in(bind("", ""), nil, []int16{1, 0, 1, 0}), describe('P', ""),
			execute("", 0)),
	}},
	{"wrong counts and formats", []turn{
		synced(parse("s", "SELECT $1::int, $2::int"), bind("", "s", "1")),
		synced(in(bind("", "s", "1", "2"), []int16{0, 0, 0}, nil)),
		synced(in(bind("", "s", "1", "2"), nil, []int16{0, 1, 0})),
		synced(in(bind("", "s", "1", "2"), []int16{7}, nil)),
		synced(in(bind("", "s", "1", "2"), nil, []int16{7}), execute("", 0)),
		synced(in(bind("", "s", "123", "2"), []int16{1}, nil)),
		synced(bind("", "s", "one", "2")),
		synced(bind("", "s", "1", "2"), execute("", 0)),
	}},
	{"rows in portions", []turn{
		synced(parse("", three), bind("", ""), execute("", 2), execute("", 2), execute("", 2)),
		synced(parse("", three), bind("", ""), execute("", 3), execute("", 3)),
		synced(parse("", "SHOW server_version_num"), bind("", ""), execute("", 1), execute("", 1)),
		synced(parse("", "SET application_name = 'x'"), bind("", ""), execute("", 1)),
	}},
	{"portals live as long as their transaction", []turn{
		query("BEGIN"),
		synced(parse("s", three), bind("p", "s"), execute("p", 1)),
		synced(execute("p", 1), bind("p", "s")),
		query("ROLLBACK"),
		synced(execute("p", 1)),
		synced(bind("q", "s"), execute("q", 1)),
		synced(execute("q", 1)),
		query("BEGIN"),
		synced(bind("r", "s"), execute("r", 1), closing('P', "r"), execute("r", 1)),
		query("COMMIT"),
	}},
	{"what is not there", []turn{
		synced(bind("", "nosuch"), execute("", 0)),
		synced(describe('S', "nosuch")),
		synced(describe('P', "nosuch")),
		synced(execute("nosuch", 0)),
		synced(closing('S', "nosuch"), closing('P', "nosuch")),
		synced(describe('S', "")),
		synced(execute("", 0)),
	}},
	{"an error skips to Sync", []turn{
		synced(parse("", "SELEC 1"), bind("", ""), describe('P', ""), execute("", 0)),
		synced(parse("", "SELECT 1/0"), bind("", ""), execute("", 0), parse("", "SELECT 2"), bind("", ""), execute("", 0)),
		synced(parse("", "SELECT nosuch FROM pg_stat_replication")),
		synced(parse("", "SELECT 3"), bind("", ""), execute("", 0)),
	}},
	{"names are taken once", []turn{
		synced(parse("s", "SELECT 1"), parse("s", "SELECT 2")),
		synced(bind("", "s"), execute("", 0)),
		synced(closing('S', "s"), parse("s", "SELECT 3"), bind("", "s"), execute("", 0)),
		query("DEALLOCATE s"),
		synced(bind("", "s"), execute("", 0)),
		query("PREPARE s (int) AS SELECT $1 + 1 AS a"),
		query("EXECUTE s(1)"),
		synced(describe('S', "s"), bind("", "s", "41"), execute("", 0)),
		query("EXECUTE s"),
		query("DEALLOCATE ALL"),
		query("EXECUTE s(1)"),
	}},
	{"a simple query takes the unnamed statement away", []turn{
		synced(parse("", "SELECT 1")),
		query("SELECT 2"),
		synced(bind("", ""), execute("", 0)),
	}},
	{"nothing asked", []turn{
		query(""),
		query(" ; ; "),
		query("-- a remark"),
		synced(),
		synced(parse("", ""), bind("", ""), describe('S', ""), describe('P', ""), execute("", 0)),
		synced(parse("", "BEGIN"), describe('S', ""), bind("", ""), describe('P', ""), execute("", 0)),
		synced(parse("", "SHOW wal_segment_size"), describe('S', ""), bind("", ""), describe('P', ""), execute("", 0)),
	}},
	{"one statement at a time", []turn{
		synced(parse("", "SELECT 1; SELECT 2")),
		synced(parse("", "SELECT 1;"), bind("", ""), execute("", 0)),
	}},
	{"types of parameters", []turn{
		synced(parse("a", "SELECT $1"), describe('S', "a")),
		synced(parse("b", "SELECT $1 + 1, $2 || 'x', $3::pg_lsn - $4"), describe('S', "b")),
		synced(parse("c", "SELECT $2::int"), describe('S', "c")),
		synced(parse("d", "SELECT state FROM pg_stat_replication WHERE pid = $1 AND sent_lsn > $2 LIMIT $3"), describe('S', "d")),
		synced(parse("e", "SELECT $1", 20), describe('S', "e")),
		synced(parse("f", "SELECT $1::int", 25), describe('S', "f")),
	}},
	{"a transaction that failed", []turn{
		synced(parse("", "BEGIN"), bind("", ""), execute("", 0)),
		synced(parse("s", "SELECT 1"), bind("", "s"), execute("", 0)),
		synced(parse("", "SELECT 1/0"), bind("", ""), execute("", 0)),
		synced(parse("", "SELECT 1")),
		synced(bind("", "s"), execute("", 0)),
		query("SELECT 1"),
		query("SHOW port"),
		query("SAVEPOINT a"),
		synced(parse("", "COMMIT"), bind("", ""), execute("", 0)),
		query("SELECT 1"),
	}},
	{"warnings of transactions", []turn{
		query("COMMIT"),
		query("ROLLBACK"),
		query("BEGIN"),
		query("BEGIN"),
		query("COMMIT AND CHAIN"),
		query("COMMIT"),
		query("SET LOCAL application_name = 'x'"),
		query("SAVEPOINT a"),
		query("RELEASE a"),
		query("ABORT"),
	}},
	{"savepoints", []turn{
		query("BEGIN"),
		query("SAVEPOINT a"),
		query("SELECT 1/0"),
		query("ROLLBACK TO a"),
		query("SELECT 1 AS again"),
		query("RELEASE a"),
		query("RELEASE a"),
		query("ROLLBACK"),
	}},
	{"several statements in one query", []turn{
		query("SELECT 1; SELECT 2 AS b; SHOW wal_segment_size"),
		query("SELECT 1; SELECT 1/0; SELECT 3"),
		query("BEGIN; SELECT 1"),
		query("SELECT 2; COMMIT; SELECT 3"),
		query("SELECT 1; COMMIT"),
		query("SELECT 1; SELEC 2"),
	}},
	{"what is set is reported", []turn{
		query("SET application_name = 'a b'"),
		query("SET TimeZone = 'Europe/Berlin'"),
		query("SET DateStyle = 'ISO, DMY'"),
		query("SELECT timestamptz '2026-01-02 03:04:05+00', date '2026-01-02'"),
		query("SET IntervalStyle = 'postgres'"),
		query("SET client_encoding = 'UTF8'"),
		query("SET standard_conforming_strings = on"),
		query("BEGIN"),
		query("SET TimeZone = 'UTC'"),
		query("ROLLBACK"),
		query("SHOW TimeZone"),
		query("RESET ALL"),
	}},
	{"what is set in a transaction", []turn{
		query("BEGIN"),
		query("SET statement_timeout = '7s'"),
		query("SET LOCAL statement_timeout = '8s'"),
		query("SHOW statement_timeout"),
		query("COMMIT"),
		query("SHOW statement_timeout"),
		query("BEGIN"),
		query("SET statement_timeout = '9s'"),
		query("ROLLBACK"),
		query("SHOW statement_timeout"),
		query("BEGIN; SET statement_timeout = '5s'; SAVEPOINT a; SET statement_timeout = '6s'; ROLLBACK TO a"),
		query("SHOW statement_timeout"),
		query("COMMIT"),
	}},
	{"cursors", []turn{
		query("DECLARE c CURSOR FOR " + three),
		query("BEGIN"),
		query("DECLARE c NO SCROLL CURSOR FOR " + three),
		query("FETCH 2 FROM c"),
		query("FETCH FORWARD 5 FROM c"),
		query("FETCH ALL FROM c"),
		query("CLOSE c"),
		query("FETCH 1 FROM c"),
		query("ROLLBACK"),
		query("BEGIN; DECLARE d CURSOR FOR " + three + "; FETCH NEXT FROM d; MOVE 1 FROM d; FETCH d"),
		query("COMMIT"),
		query("FETCH d"),
	}},
	{"a statement that takes too long", []turn{
		query("SET statement_timeout = '20ms'"),
		query("SELECT pg_sleep(60)"),
		synced(parse("", "SELECT pg_sleep(60)"), bind("", ""), execute("", 0)),
		query("SELECT 1"),
	}},
	{"a hot standby refuses", []turn{
		query("LISTEN a"),
		query("NOTIFY a"),
		query("CREATE TABLE a (b int)"),
		query("INSERT INTO pg_class VALUES (1)"),
		query("BEGIN READ WRITE"),
		query("ROLLBACK"),
		query("SET transaction_read_only = off"),
		query("BEGIN; SET TRANSACTION READ WRITE"),
		query("ROLLBACK"),
		query("VACUUM"),
		query("PREPARE TRANSACTION 'a'"),
	}},
	{"a message that there is not", []turn{
		{&unknownMessage{}},
	}},
}

// unknownMessage is of a type that the protocol has not.
type unknownMessage struct{ pgproto3.Sync }

func (*unknownMessage) Encode(dst []byte) ([]byte, error) {
	return append(dst, 'j', 0, 0, 0, 4), nil
}

// converseAlike compares message by message what both answer.
func converseAlike(t *testing.T, standby, relay string) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, converse(t, standby, c.turns), converse(t, relay, c.turns))
		})
	}
}

// converse gives the server's messages, one a line.
func converse(t *testing.T, address string, turns []turn) (lines []string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	f := pgproto3.NewFrontend(conn, conn)
	f.Send(&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersionNumber,
		Parameters:      map[string]string{"user": "postgres", "database": "postgres"},
	})
	lines = answerTo(t, f, lines)
	for _, turn := range turns {
		for _, message := range turn {
			f.Send(message)
		}
		lines = answerTo(t, f, append(lines, "--"))
	}
	return lines
}

func answerTo(t *testing.T, f *pgproto3.Frontend, lines []string) []string {
	t.Helper()
	_ = f.Flush() // to a connection that the server has closed
	for {
		m, err := f.Receive()
		if err != nil {
			require.Truef(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%v after %q", err, lines)
			return append(lines, "closed")
		}
		lines = append(lines, written(m))
		sortReports(lines)
		if _, is := m.(*pgproto3.ReadyForQuery); is {
			return lines
		}
	}
}

// sortReports gives the reports at the end of the lines an order: PostgreSQL's is that of its table of settings.
func sortReports(lines []string) {
	first := len(lines)
	for first > 0 && strings.HasPrefix(lines[first-1], "ParameterStatus ") {
		first--
	}
	slices.Sort(lines[first:])
}

// written is a message without what no two servers have alike.
func written(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.BackendKeyData:
		return "BackendKeyData"
	case *pgproto3.ParameterStatus:
		if m.Name == "server_version" {
			major, _, _ := strings.Cut(m.Value, ".")
			return "ParameterStatus server_version " + major
		}
		return fmt.Sprintf("ParameterStatus %s %q", m.Name, m.Value)
	case *pgproto3.ErrorResponse:
		return "ErrorResponse " + report(m)
	case *pgproto3.NoticeResponse:
		return "NoticeResponse " + report((*pgproto3.ErrorResponse)(m))
	case *pgproto3.RowDescription:
		line := "RowDescription"
		for _, f := range m.Fields {
			line += fmt.Sprintf(" | %s %d %d %d %d", f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format)
		}
		return line
	case *pgproto3.DataRow:
		line := "DataRow"
		for _, v := range m.Values {
			line += fmt.Sprintf(" | %q", v)
		}
		return line
	case *pgproto3.CommandComplete:
		return "CommandComplete " + string(m.CommandTag)
	case *pgproto3.ReadyForQuery:
		return fmt.Sprintf("ReadyForQuery %c", m.TxStatus)
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("ParameterDescription %d", m.ParameterOIDs)
	default:
		return fmt.Sprintf("%T", m)
	}
}

func report(m *pgproto3.ErrorResponse) string {
	return fmt.Sprintf("%s %s %s; detail %q; hint %q; position %d", m.Severity, m.Code, m.Message, m.Detail, m.Hint, m.Position)
}
