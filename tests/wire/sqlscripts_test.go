package wire

import (
	"encoding/binary"
	"slices"

	"waypost/tests/wire/rawclient"
)

// The messages of the extended query protocol, and simple queries, as a client would put them together.

func query(sql string) []byte { return rawclient.Query(sql) }

func parse(name, sql string, types ...uint32) []byte {
	b := append([]byte(name+"\x00"+sql+"\x00"), byte(len(types)>>8), byte(len(types)))
	for _, t := range types {
		b = binary.BigEndian.AppendUint32(b, t)
	}
	return rawclient.Typed('P', b)
}

// null is a parameter that is NULL.
const null = "\xff(null)"

func formats(b []byte, codes []int16) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(codes)))
	for _, c := range codes {
		b = binary.BigEndian.AppendUint16(b, uint16(c))
	}
	return b
}

func bindAs(portal, statement string, in []int16, out []int16, params ...string) []byte {
	b := formats([]byte(portal+"\x00"+statement+"\x00"), in)
	b = binary.BigEndian.AppendUint16(b, uint16(len(params)))
	for _, p := range params {
		if p == null {
			b = binary.BigEndian.AppendUint32(b, 0xffffffff)
			continue
		}
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...)
	}
	return rawclient.Typed('B', formats(b, out))
}

func bind(portal, statement string, params ...string) []byte {
	return bindAs(portal, statement, nil, nil, params...)
}

func describe(kind byte, name string) []byte {
	return rawclient.Typed('D', append([]byte{kind}, name+"\x00"...))
}

func closeIt(kind byte, name string) []byte {
	return rawclient.Typed('C', append([]byte{kind}, name+"\x00"...))
}

func execute(portal string, limit uint32) []byte {
	return rawclient.Typed('E', binary.BigEndian.AppendUint32([]byte(portal+"\x00"), limit))
}

func syncIt() []byte { return rawclient.Typed('S', nil) }

func flush() []byte { return rawclient.Typed('H', nil) }

// oneShot is what most drivers send for a statement with parameters.
func oneShot(sql string, params ...string) [][]byte {
	return [][]byte{parse("", sql), bind("", "", params...), describe('P', ""), execute("", 0), syncIt()}
}

// exchange is what a client sends at once, up to where it waits for so many ReadyForQuery.
type exchange struct {
	send  [][]byte
	ready int
}

func at(send ...[]byte) exchange { return exchange{send, 1} }
func sqls(statements ...string) []exchange {
	var all []exchange
	for _, s := range statements {
		all = append(all, at(query(s)))
	}
	return all
}

var regularClient = []string{"user", "postgres", "database", "postgres", "application_name", "wire"}

// session is a script of a regular session.
func session(name string, exchanges ...exchange) script {
	return sessionAs(name, regularClient, exchanges...)
}

func sessionAs(name string, who []string, exchanges ...exchange) script {
	return script{name, func(p *player) {
		p.sql = true
		startup(version3, who...)(p)
		p.lines = nil
		for _, x := range exchanges {
			var all []byte
			for _, m := range x.send {
				all = append(all, m...)
			}
			p.send(all)
			for range x.ready {
				p.until("Z")
			}
		}
		p.send(rawclient.Typed('X', nil))
		p.toEnd()
	}}
}

const series3 = "SELECT g, 'x' || g FROM generate_series(1, 3) g"

func sqlScripts(version int) []script {
	all := slices.Concat(simpleScripts(), extendedScripts(), transactionScripts(), settingScripts())
	if version >= 17 {
		all = append(all,
			session("transaction_timeout", append(sqls("SET transaction_timeout = 50", "BEGIN"), exchange{nil, 1})...),
			session("transaction_timeout of a statement", sqls("SET transaction_timeout = 50", "SELECT pg_sleep(10)")...))
	}
	return all
}

func simpleScripts() []script {
	return []script{
		session("nothing", sqls("", ";", " ; ; ", "-- c", "/* c */")...),
		session("one row", sqls("SELECT 1", "SELECT 1 AS a, 'x'::text b, NULL", "SELECT", "VALUES (1, 'a'), (2, 'b')",
			series3, "SELECT 1 WHERE false")...),
		session("several statements", sqls("SELECT 1; SELECT 2", "SELECT 1;; SELECT 2;", "SHOW port_x; SELECT 1",
			"SELECT 1; SELECT 1/0; SELECT 2", "SELECT 3")...),
		session("errors", sqls("SELEC 1", "SELECT 'a", "SELECT nosuch", "SELECT 1 FROM nosuch", "SELECT 1 +",
			"SELECT 1/0", "SELECT nosuch(1)",
			"SELECT 'x'::int", "SELECT $1", "SELECT 1 ORDER BY 2", "SELECT é", "SELECT 'é' || nosuch", "SELECT 1; SELEC 2",
			"SELECT 1 / (g - 1) FROM generate_series(1, 2) g", "SELECT current_setting('nosuch')",
			"SELECT 1/0 WHERE false")...),
		session("types",
			sqls("SELECT 1::int2, 1::int8, 1.5, 1.5::float8, true, '\\x01ff'::bytea, '0/16B3748'::pg_lsn, date '2026-01-02'",
				"SELECT timestamptz '2026-01-02 03:04:05.678+00', timestamp '2026-01-02 03:04:05', interval '1 day 02:03', '{1,2}'::int[], 'a'::name, '1.2.3.4'::inet",
				"SELECT 'x'::varchar(3), 1.5::numeric(5,2), 'x'::char(3), 1::oid, 'a'::\"char\"")...),
		session("text that is not UTF-8", sqls("SELECT '\xff'", "SELECT '\xe9abc'", "SELECT 'a\xc3'", "SELECT 1")...),
		session("refused", sqls("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "DROP TABLE t",
			"CREATE INDEX ON t (a)", "VACUUM", "ANALYZE", "LISTEN c", "NOTIFY c",
			"UNLISTEN *", "LOCK TABLE t", "TRUNCATE t", "REINDEX TABLE t", "CREATE DATABASE d", "COPY t FROM STDIN",
			"PREPARE TRANSACTION 'x'", "COMMIT PREPARED 'x'",
			"CREATE EXTENSION e", "GRANT SELECT ON t TO PUBLIC", "CREATE TABLE t AS SELECT 1", "SELECT 1 INTO t",
			"CREATE VIEW v AS SELECT 1", "CLUSTER",
			"LOCK TABLE t IN ACCESS SHARE MODE", "REFRESH MATERIALIZED VIEW v", "COMMENT ON TABLE t IS 'x'")...),
		session("late copy data", at(rawclient.Typed('d', []byte("late")), rawclient.Typed('c', nil),
			rawclient.Typed('f', []byte("x\x00")), query("SELECT 1"))),
		session("query without an end", at(rawclient.Typed('Q', []byte("SELECT 1"))), at(query("SELECT 2"))),
		session("query with two ends", at(rawclient.Typed('Q', []byte("SELECT 1\x00more\x00"))), at(query("SELECT 2"))),
		session("unknown message", exchange{[][]byte{rawclient.Typed('z', nil), query("SELECT 1")}, 1}),
		session("password", exchange{[][]byte{rawclient.Typed('p', []byte("x\x00")), query("SELECT 1")}, 1}),
		session("copy out", sqls("COPY (SELECT 1, 'a\tb', NULL, E'c\\\\d\\n') TO STDOUT",
			"COPY (SELECT 1, 'a,b', NULL, '', 'q\"q') TO STDOUT (FORMAT csv, HEADER)",
			"COPY (SELECT 1 WHERE false) TO STDOUT", "COPY (SELECT 1/0) TO STDOUT",
			"COPY (SELECT 1) TO STDOUT (FORMAT nosuch)", "COPY (SELECT nosuch) TO STDOUT",
			"COPY (SELECT g FROM generate_series(1,3) g) TO STDOUT WITH (NULL 'n', DELIMITER '|')")...),
		sessionAs("walsender with a database", []string{"user", "postgres", "database", "postgres", "replication",
			"database"},
			append(sqls("SELECT 1", "BEGIN", "SELECT 1/0", "SELECT 2", "IDENTIFY_SYSTEM", "ROLLBACK",
				"SELECT 'a'; SELECT 'b'", "SHOW server_encoding", ""),
				exchange{[][]byte{parse("", "SELECT 1"), syncIt()}, 1}, at(query("SELECT 3")))...),
		sessionAs("LATIN1", append(regularClient, "client_encoding", "LATIN1"),
			sqls("SELECT '\xe9', length('\xe9')", "SELECT '\xe9' AS \"\xfc\"", "SELECT \"\xe9\"", "SELECT chr(8364)",
				"SELECT chr(233)", "SET client_encoding = 'UTF8'", "SELECT 'é'", "SET client_encoding = 'nosuch'")...),
	}
}

func extendedScripts() []script {
	wrong := func(name string, messages ...[]byte) script {
		return session(name, at(append(messages, syncIt())...), at(query("SELECT 'still here'")))
	}
	return []script{
		session("one shot", at(oneShot("SELECT $1::int + 1", "41")...), at(oneShot("SELECT 1")...), at(oneShot("")...),
			at(oneShot("SHOW nosuch")...), at(oneShot("SHOW DateStyle")...)),
		session("types of parameters", at(parse("s", "SELECT $1, $2::int, $3 || 'x'", 0, 0, 25), describe('S', "s"),
			syncIt()), at(bind("", "s", "a", "2", "c"), execute("", 0), syncIt()),
			at(parse("t", "SELECT $1"), describe('S', "t"), syncIt()), at(parse("u", "SELECT $2"), syncIt()),
			at(parse("v", "SELECT $1 + $2", 23), describe('S', "v"), syncIt()),
			at(bind("", "v", null, "1"), execute("", 0), syncIt())),
		session("binary", at(parse("s", "SELECT $1::int4, $2::text, $3::bool"), bindAs("", "s", []int16{1}, []int16{1},
			"\x00\x00\x00\x07", "abc", "\x01"), describe('P', ""), execute("", 0), syncIt()),
			at(bindAs("", "s", []int16{1, 0, 0}, []int16{0, 1, 0}, "\x00\x00\x00\x07", "abc", "t"), describe('P', ""),
				execute("", 0), syncIt()),
			at(bindAs("", "s", []int16{1}, nil, "\x00\x07", "abc", "\x01"), syncIt()),
			at(bindAs("", "s", []int16{1}, nil, "\x00\x00\x00\x07\x00", "abc", "\x01"), syncIt()),
			at(bindAs("", "s", []int16{2}, nil, "1", "abc", "t"), syncIt()),
			at(bindAs("", "s", nil, []int16{3}, "1", "abc", "t"), execute("", 0), syncIt()),
			at(bindAs("", "s", []int16{0, 0}, nil, "1", "abc", "t"), syncIt()),
			at(bindAs("", "s", nil, []int16{0, 0}, "1", "abc", "t"), syncIt()),
			at(bind("", "s", "1", "abc"), syncIt()), at(bind("", "s", "x", "abc", "t"), syncIt()), at(bind("p", "s",
				"1", "abc", "perhaps"), syncIt()),
			at(bind("", "s", "1", "a\xffc", "t"), syncIt()), at(bind("", "s", "1", "a\x00c", "t"), syncIt())),
		session("binary results", at(parse("",
			"SELECT 1::int2, 2::int8, 1.50::numeric, 1.5::float8, '\\x01'::bytea, '0/16B3748'::pg_lsn, timestamptz '2026-01-02 03:04:05+00', interval '1 day', '{1,2}'::int[], '1.2.3.4'::inet, date '2026-01-02', 'n'::name, 3::oid"),
			bindAs("", "", nil, []int16{1}), execute("", 0), syncIt())),
		session("limits", at(parse("", series3), bind("", ""), execute("", 2), execute("", 2), execute("", 0), syncIt()),
			at(parse("", series3), bind("", ""), execute("", 3), execute("", 3), execute("", 1), syncIt()),
			at(query("BEGIN")), at(parse("s", series3), bind("p", "s"), execute("p", 1), syncIt()), at(execute("p", 1),
				syncIt()), at(query("SELECT 1")), at(execute("p", 0), syncIt()),
			at(execute("p", 0), closeIt('P', "p"), execute("p", 0), syncIt()), at(query("ROLLBACK"))),
		session("limits of utility statements", at(parse("", "SHOW DateStyle"), bind("", ""), describe('P', ""),
			execute("", 1), execute("", 1), syncIt()),
			at(parse("", "BEGIN"), bind("", ""), describe('P', ""), execute("", 1), syncIt()), at(parse("", "COMMIT"),
				bind("", ""), execute("", 0), syncIt()),
			at(parse("", "SET DateStyle = 'ISO'"), bind("", ""), execute("", 0), execute("", 0), syncIt())),
		session("portals end with their transaction", at(parse("", series3), bind("p", ""), execute("p", 1), syncIt()),
			at(execute("p", 1), syncIt()),
			at(query("BEGIN")), at(parse("", series3), bind("p", ""), execute("p", 1), syncIt()), at(query("COMMIT")),
			at(execute("p", 1), syncIt())),
		session("the unnamed portal gives way", at(query("BEGIN")), at(parse("", series3), bind("", ""), execute("", 1),
			syncIt()), at(query("SELECT 1")), at(execute("", 1), syncIt()), at(query("ROLLBACK"))),
		session("statements live on", at(parse("s", "SELECT 1"), parse("", "SELECT 2"), syncIt()), at(bind("", "s"),
			execute("", 0), bind("", ""), execute("", 0), syncIt()), at(query("SELECT 3")),
			at(bind("", "s"), execute("", 0), syncIt()), at(bind("", ""), syncIt()), at(query("DEALLOCATE s")),
			at(bind("", "s"), syncIt()), at(parse("s", "SELECT 4"), parse("s", "SELECT 5"), syncIt()),
			at(closeIt('S', "s"), parse("s", "SELECT 6"), bind("", "s"), execute("", 0), syncIt()),
			at(query("EXECUTE s")), at(query("DISCARD ALL")), at(bind("", "s"), syncIt())),
		session("named portal twice", at(query("BEGIN")), at(parse("s", "SELECT 1"), bind("p", "s"), bind("p", "s"),
			syncIt()), at(query("ROLLBACK"))),
		session("an error skips to Sync", at(parse("", "SELECT 1"), bind("", ""), execute("", 0), parse("",
			"SELECT nosuch"), bind("", ""), execute("", 0), query("SELECT 'skipped'"), flush(), syncIt()),
			at(query("SELECT 2"))),
		session("a pipeline is one transaction", at(parse("", "SET application_name = 'a'"), bind("", ""), execute("",
			0), parse("", "SELECT 1/0"), bind("", ""), execute("", 0), syncIt()), at(query("SHOW application_name"))),
		session("commands in a pipeline", at(parse("", "SELECT 1"), bind("", ""), execute("", 0), parse("",
			"DISCARD ALL"), bind("", ""), execute("", 0), syncIt()),
			at(parse("", "SELECT 1"), bind("", ""), execute("", 0), parse("", "SAVEPOINT s"), bind("", ""), execute("",
				0), syncIt()),
			at(parse("", "SAVEPOINT s"), bind("", ""), execute("", 0), syncIt()),
			at(parse("", "SELECT 1"), bind("", ""), execute("", 0), parse("", "BEGIN"), bind("", ""), execute("", 0),
				parse("", "SELECT 2"), bind("", ""), execute("", 0), syncIt()), at(query("COMMIT")),
			at(parse("", "SELECT 1"), bind("", ""), execute("", 0), parse("", "COMMIT"), bind("", ""), execute("", 0),
				parse("", "SELECT 2"), bind("", ""), execute("", 0), syncIt()),
			at(parse("", "SELECT 1"), bind("", ""), execute("", 0), parse("", "SET LOCAL DateStyle = 'ISO, DMY'"),
				bind("", ""), execute("", 0), parse("", "SHOW DateStyle"), bind("", ""), execute("", 0), syncIt()),
			at(query("SHOW DateStyle")),
			at(parse("", "BEGIN"), bind("", ""), execute("", 0), parse("", "SELECT 1/0"), bind("", ""), execute("", 0),
				syncIt()), at(oneShot("SELECT 1")...), at(oneShot("ROLLBACK")...)),
		session("several queries at once", exchange{[][]byte{query("SELECT 1"), query("SELECT 2"), syncIt(), parse("",
			"SELECT 3"), bind("", ""), execute("", 0), syncIt()}, 4}),
		session("flush", exchange{[][]byte{parse("", "SELECT 1"), flush(), bind("", ""), flush(), execute("", 0),
			flush(), syncIt()}, 1}),
		session("failed transaction", at(query("BEGIN")), at(parse("s", "SELECT 1"), parse("r", "ROLLBACK"), bind("p",
			"s"), syncIt()), at(query("SELECT 1/0")), at(bind("", "s"), syncIt()), at(describe('S', "s"), syncIt()),
			at(describe('P', "p"), syncIt()), at(execute("p", 0), syncIt()), at(parse("", "SELECT 2"), syncIt()),
			at(parse("", ""), bind("", ""), syncIt()), at(describe('S', "r"), syncIt()), at(closeIt('P', "p"), syncIt()),
			at(bind("", "r"), describe('P', ""), execute("", 0), syncIt()), at(query("SELECT 1"))),
		wrong("several statements in Parse", parse("", "SELECT 1; SELECT 2")),
		wrong("bind without a statement", bind("", "nosuch")),
		wrong("bind without the unnamed statement", bind("", "")),
		wrong("execute without a portal", execute("nosuch", 0)),
		wrong("execute without the unnamed portal", execute("", 0)),
		wrong("describe what is not there", describe('S', "nosuch")),
		wrong("describe the unnamed statement", describe('S', "")),
		wrong("describe a portal that is not there", describe('P', "nosuch")),
		wrong("describe something else", describe('X', "")),
		wrong("close something else", closeIt('X', "")),
		wrong("close what is not there", closeIt('S', "nosuch"), closeIt('P', "nosuch"), closeIt('S', ""), closeIt('P', "")),
		wrong("parse of nothing", parse("", ""), describe('S', ""), bind("", ""), describe('P', ""), execute("", 0)),
		wrong("short parse", rawclient.Typed('P', []byte("s\x00SELECT 1"))),
		wrong("long parse", rawclient.Typed('P', []byte("\x00SELECT 1\x00\x00\x00x"))),
		wrong("short bind", rawclient.Typed('B', []byte("\x00\x00"))),
		wrong("bind cut in a value", parse("", "SELECT $1::int"), rawclient.Typed('B',
			[]byte("\x00\x00\x00\x00\x00\x01\x00\x00\x00\x09a"))),
		wrong("short execute", parse("", "SELECT 1"), bind("", ""), rawclient.Typed('E', []byte("\x00"))),
		wrong("empty describe", rawclient.Typed('D', nil)),
		wrong("flush with a body", rawclient.Typed('H', []byte("x"))),
		session("sync with a body", at(rawclient.Typed('S', []byte("x"))), at(query("SELECT 1"))),
		wrong("names that are not UTF-8", parse("\xff", "SELECT 1")),
		wrong("parameter of an unknown type", parse("", "SELECT $1", 99999)),
		session("constant errors", at(oneShot("SELECT 1/0")...), at(oneShot("SELECT 1/$1::int", "0")...),
			at(oneShot("SELECT 1/(g - 1) FROM generate_series(1,2) g")...)),
		session("PREPARE", append(sqls("PREPARE a AS SELECT 1", "PREPARE a AS SELECT 2", "EXECUTE a",
			"PREPARE b (int, text) AS SELECT $1, $2", "EXECUTE b (1, 'x')", "EXECUTE b (1)", "EXECUTE b ('x', 1)",
			"EXECUTE nosuch",
			"DEALLOCATE a", "DEALLOCATE a", "DEALLOCATE ALL", "EXECUTE b (1, 'x')", "PREPARE c AS SHOW port",
			"PREPARE d AS SELECT nosuch"),
			at(query("PREPARE e AS SELECT 7 AS x")), at(oneShot("EXECUTE e")...), at(parse("", "EXECUTE nosuch"),
				describe('S', ""), syncIt()), at(bind("", "e"), describe('P', ""), execute("", 0), syncIt()))...),
		session("cursors", sqls("DECLARE c CURSOR FOR SELECT 1", "BEGIN", "DECLARE c CURSOR FOR "+series3, "FETCH c",
			"FETCH 2 FROM c", "FETCH c", "FETCH PRIOR c", "FETCH ABSOLUTE 1 c", "FETCH RELATIVE 1 c", "FETCH LAST c",
			"FETCH FIRST c",
			"FETCH ALL c", "FETCH BACKWARD ALL c", "MOVE 2 c", "FETCH 0 c", "FETCH ABSOLUTE -1 c",
			"FETCH ABSOLUTE -9 c", "FETCH ABSOLUTE 9 c", "FETCH PRIOR c", "MOVE BACKWARD ALL c", "MOVE ALL c",
			"CLOSE c", "SAVEPOINT s", "FETCH c", "ROLLBACK TO s",
			"DECLARE c CURSOR FOR SELECT 1", "DECLARE c CURSOR FOR SELECT 2", "ROLLBACK")...),
		session("forward-only cursors", sqls("BEGIN", "DECLARE c NO SCROLL CURSOR FOR "+series3,
			"FETCH FORWARD 2 FROM c", "SAVEPOINT s", "FETCH PRIOR c", "ROLLBACK TO s", "FETCH ALL FROM c", "FETCH c",
			"COMMIT", "FETCH c")...),
		session("the end of forward-only cursors", forwardOnly("FETCH LAST c", "FETCH c"),
			forwardOnly("FETCH ABSOLUTE -1 c"), forwardOnly("MOVE LAST c"), forwardOnly("FETCH BACKWARD 0 c"),
			forwardOnly("FETCH ABSOLUTE 0 c", "MOVE BACKWARD ALL c", "FETCH BACKWARD ALL c"),
			forwardOnly("FETCH 2 c", "MOVE BACKWARD ALL c"), forwardOnly("FETCH 2 c", "FETCH RELATIVE 0 c"),
			forwardOnly("MOVE 2 c", "MOVE 0 c", "MOVE ABSOLUTE 2 c"), forwardOnly("MOVE RELATIVE -1 c"),
			forwardOnly("FETCH ALL c", "FETCH ABSOLUTE 5 c", "FETCH c", "FETCH 0 c", "FETCH ABSOLUTE 4 c"),
			forwardOnly("FETCH ABSOLUTE 1 c", "FETCH ABSOLUTE 2 c", "FETCH ABSOLUTE 2 c")),
		session("forward-only cursors WITH HOLD", sqls("BEGIN", "DECLARE c NO SCROLL CURSOR WITH HOLD FOR "+series3,
			"FETCH c", "COMMIT", "FETCH c", "FETCH LAST c", "FETCH c", "CLOSE c")...),
		session("statement_timeout and COMMIT", sqls("SET statement_timeout = 50", "BEGIN",
			"DECLARE c CURSOR WITH HOLD FOR SELECT pg_sleep(0.2)", "COMMIT", "FETCH c", "SELECT pg_sleep(10)")...),
		session("portals of nothing", at(query("BEGIN")), at(parse("", ""), bind("e", ""), flush(), query("FETCH ALL e")),
			at(query("ROLLBACK")), at(parse("nothing", ""), syncIt()), at(query("EXECUTE nothing")),
			at(parse("", "EXECUTE nothing"), bind("", ""), describe('P', ""), execute("", 0), syncIt())),
		session("portals that are begun while their statements change", at(query("BEGIN")),
			at(query("PREPARE foo AS SELECT g, g, g FROM generate_series(1, 3) g")),
			at(parse("x", "EXECUTE foo"), bind("a", "x"), execute("a", 1), syncIt()),
			at(query("DEALLOCATE foo")), at(query("PREPARE foo AS SELECT g FROM generate_series(1, 3) g")),
			at(bind("b", "x"), describe('P', "b"), execute("b", 0), syncIt()), at(execute("a", 0), syncIt()),
			at(query("DECLARE k CURSOR FOR SELECT g, g, g FROM generate_series(1, 9) g")),
			at(parse("y", "FETCH 5 FROM k"), bind("c", "y"), describe('P', "c"), execute("c", 2), syncIt()),
			at(query("CLOSE k")), at(query("DECLARE k CURSOR FOR SELECT g FROM generate_series(1, 9) g")),
			at(bind("d", "y"), describe('P', "d"), execute("d", 0), syncIt()), at(execute("c", 0), syncIt()),
			at(query("COMMIT"))),
		session("cursors WITH HOLD", sqls("DECLARE c CURSOR WITH HOLD FOR "+series3, "FETCH c", "FETCH ALL c",
			"CLOSE c", "BEGIN", "DECLARE d CURSOR WITH HOLD FOR "+series3, "FETCH d", "COMMIT", "FETCH d",
			"FETCH PRIOR d", "CLOSE ALL", "FETCH d",
			"BEGIN", "DECLARE e CURSOR WITH HOLD FOR SELECT 1", "ROLLBACK", "FETCH e",
			"DECLARE f BINARY CURSOR WITH HOLD FOR SELECT 258", "FETCH f")...),
		session("cursors by messages", at(query("BEGIN")), at(query("DECLARE c CURSOR FOR "+series3)), at(bindNone(),
			describe('P', "c"), execute("c", 2), syncIt()), at(query("FETCH c")),
			at(append([][]byte{parse("", "FETCH 1 c"), describe('S', "")}, bind("", ""), execute("", 0), syncIt())...),
			at(query("CLOSE c")), at(parse("", "FETCH c"), describe('S', ""), syncIt()), at(query("ROLLBACK"))),
		session("cursors in savepoints", sqls("BEGIN", "DECLARE a CURSOR FOR "+series3, "SAVEPOINT s",
			"DECLARE b CURSOR FOR "+series3, "FETCH a", "ROLLBACK TO s", "FETCH a", "FETCH b", "ROLLBACK")...),
	}
}

// forwardOnly runs statements in a transaction of their own that has such a cursor, c, of three rows.
func forwardOnly(statements ...string) exchange {
	x := exchange{ready: len(statements) + 2}
	x.send = append(x.send, query("BEGIN; DECLARE c NO SCROLL CURSOR FOR "+series3))
	for _, s := range statements {
		x.send = append(x.send, query(s))
	}
	x.send = append(x.send, query("ROLLBACK"))
	return x
}

// bindNone is a message that does nothing.
func bindNone() []byte { return closeIt('P', "nosuch") }

func transactionScripts() []script {
	return []script{
		session("blocks", sqls("BEGIN", "SELECT 1", "BEGIN", "COMMIT", "COMMIT", "ROLLBACK", "START TRANSACTION", "END",
			"BEGIN WORK", "ABORT")...),
		session("failure", sqls("BEGIN", "SELECT 1/0", "SELECT 1", "SHOW port", "SAVEPOINT s", "BEGIN", "COMMIT",
			"SELECT 2", "BEGIN", "SELEC", "ROLLBACK")...),
		session("savepoints", sqls("SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "BEGIN", "RELEASE s", "ROLLBACK",
			"BEGIN", "SAVEPOINT a", "SAVEPOINT b", "SELECT 1/0", "SELECT 1", "ROLLBACK TO b", "SELECT 2", "RELEASE a",
			"ROLLBACK TO a",
			"SELECT 3", "COMMIT", "BEGIN", "SAVEPOINT a", "SELECT 1/0", "COMMIT", "SELECT 4", "BEGIN", "SAVEPOINT a",
			"SAVEPOINT a", "RELEASE a", "RELEASE a", "RELEASE a", "ROLLBACK")...),
		session("chains", sqls("COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "BEGIN ISOLATION LEVEL REPEATABLE READ",
			"COMMIT AND CHAIN", "SHOW transaction_isolation", "SELECT 1/0", "ROLLBACK AND CHAIN",
			"SHOW transaction_isolation", "COMMIT AND NO CHAIN", "SHOW transaction_isolation")...),
		session("implicit blocks", sqls("SELECT 1; SELECT 1/0; SELECT 2", "BEGIN; SELECT 1",
			"SELECT 2; COMMIT; SELECT 3", "SELECT 1; COMMIT; SELECT 2", "SELECT 1; ROLLBACK; SELECT 2",
			"SELECT 1; SAVEPOINT s; SELECT 2", "SELECT 1; COMMIT AND CHAIN",
			"SET application_name = 'x'; SELECT 1/0", "SHOW application_name", "BEGIN; SELECT 1/0; ROLLBACK",
			"ROLLBACK", "SELECT 1; BEGIN; SELECT 2; SELECT 1/0", "ROLLBACK", "SELECT 1; DISCARD ALL")...),
		session("modes", sqls("BEGIN ISOLATION LEVEL SERIALIZABLE", "SELECT 1", "BEGIN READ WRITE", "BEGIN READ ONLY",
			"SHOW transaction_read_only", "SET TRANSACTION READ WRITE", "ROLLBACK", "BEGIN",
			"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
			"SHOW transaction_isolation", "SELECT 1", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "ROLLBACK",
			"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET TRANSACTION READ WRITE", "BEGIN", "SAVEPOINT s",
			"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "ROLLBACK",
			"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SHOW transaction_isolation",
			"SHOW default_transaction_isolation", "BEGIN", "SHOW transaction_isolation", "COMMIT",
			"RESET default_transaction_isolation",
			"SET transaction_isolation = 'nosuch'", "SET transaction_read_only = off", "SET transaction_read_only = on",
			"BEGIN DEFERRABLE", "SHOW transaction_deferrable", "COMMIT", "SHOW transaction_deferrable",
			"SET CONSTRAINTS ALL DEFERRED")...),
		session("not in a block", sqls("BEGIN", "DISCARD ALL", "ROLLBACK", "BEGIN",
			"ALTER SYSTEM SET wal_sender_timeout = '1min'", "ROLLBACK", "DISCARD PLANS", "DISCARD TEMP",
			"DISCARD SEQUENCES")...),
		session("now() stays", sqls("BEGIN", "SELECT now() = transaction_timestamp(), statement_timestamp() >= now()",
			"SELECT pg_sleep(0.01)", "SELECT statement_timestamp() > now(), clock_timestamp() > statement_timestamp()",
			"COMMIT")...),
		session("statement_timeout", sqls("SET statement_timeout = 30", "SELECT pg_sleep(10)",
			"SELECT 1; SELECT pg_sleep(10)", "BEGIN", "SELECT pg_sleep(10)", "SELECT 1", "ROLLBACK",
			"SET statement_timeout = 0", "SELECT pg_sleep(0.05)")...),
		session("statement_timeout of messages", append(sqls("SET statement_timeout = 30"),
			at(oneShot("SELECT pg_sleep(10)")...), at(oneShot("SELECT 1")...))...),
		session("idle_session_timeout", append(sqls("SET idle_session_timeout = 50"), exchange{nil, 1})...),
		session("idle_in_transaction_session_timeout", append(sqls("SET idle_in_transaction_session_timeout = 50",
			"BEGIN"), exchange{nil, 1})...),
		session("idle in a failed transaction", append(sqls("SET idle_in_transaction_session_timeout = 50", "BEGIN",
			"SELECT 1/0"), exchange{nil, 1})...),
	}
}

func settingScripts() []script {
	return []script{
		session("SET", sqls("SET DateStyle = 'ISO, DMY'", "SHOW DateStyle", "SET DateStyle TO DEFAULT",
			"SHOW DateStyle", "SET TIME ZONE 'UTC'", "SHOW TimeZone", "SET TIME ZONE -7", "SHOW TIME ZONE",
			"SET TIME ZONE LOCAL", "SET TimeZone = 'nosuch'",
			"SET nosuch = 1", "SET work_mem = '64MB'", "SHOW work_mem", "SET work_mem = 'much'", "SET work_mem = 1",
			"SET port = 1", "SET fsync = off", "SET log_connections = on", "SET server_version = '1'",
			"SET wal_level = minimal",
			"SET application_name = 'é'", "SHOW application_name", "SET my.own = 'x'", "SHOW my.own", "SHOW my.other",
			"SET search_path = a, \"B\"", "SHOW search_path", "SET work_mem = 1, 2", "RESET work_mem",
			"SHOW work_mem", "RESET nosuch", "RESET ALL",
			"SHOW search_path", "SET SESSION work_mem = '1MB'", "SET statement_timeout = '1min'",
			"SHOW statement_timeout", "SET extra_float_digits = 3", "SET bytea_output = 'hex'",
			"SET client_min_messages = error", "ROLLBACK", "SET client_min_messages = notice",
			"SET seed = 0.5", "SET enable_seqscan = perhaps", "SHOW is_superuser", "SET is_superuser = off")...),
		session("SET is rolled back", sqls("BEGIN", "SET application_name = 'a'", "SHOW application_name", "ROLLBACK",
			"SHOW application_name", "BEGIN", "SET application_name = 'b'", "SAVEPOINT s", "SET application_name = 'c'",
			"ROLLBACK TO s", "SHOW application_name", "COMMIT", "SHOW application_name",
			"BEGIN", "SET LOCAL application_name = 'd'", "SHOW application_name", "COMMIT", "SHOW application_name",
			"SET LOCAL application_name = 'e'", "SHOW application_name", "BEGIN", "SET application_name = 'f'",
			"SET LOCAL application_name = 'g'", "COMMIT", "SHOW application_name",
			"BEGIN", "SET LOCAL application_name = 'h'", "SET application_name = 'i'", "COMMIT",
			"SHOW application_name", "BEGIN", "SET application_name = 'j'", "SELECT 1/0", "ROLLBACK",
			"SHOW application_name", "SELECT set_config('application_name', 'k', false)", "SHOW application_name",
			"BEGIN", "SELECT set_config('application_name', 'l', true)", "COMMIT", "SHOW application_name",
			"SELECT current_setting('application_name'), current_setting('nosuch', true)",
			"SET application_name FROM CURRENT")...),
		session("the client is told", sqls("SET TimeZone = 'UTC'", "SET DateStyle = 'ISO, YMD'", "SET work_mem = '1MB'",
			"SET application_name = 'a'; SET application_name = 'b'", "BEGIN; SET TimeZone = 'GMT'; ROLLBACK",
			"RESET ALL")...),
		session("SHOW", sqls("SHOW server_encoding", "SHOW client_encoding", "SHOW max_identifier_length",
			"SHOW transaction_isolation", "SHOW block_size", "SHOW integer_datetimes",
			"SHOW standard_conforming_strings", "SHOW in_hot_standby",
			"SHOW SESSION AUTHORIZATION", "SHOW role", "SHOW lc_messages_x", "SHOW \"DateStyle\"",
			"SHOW max_function_args", "SHOW shared_buffers_x")...),
		session("roles", sqls("SELECT current_user, session_user", "SET ROLE nosuch", "SET ROLE pg_monitor",
			"SELECT current_user, session_user", "SHOW is_superuser", "SHOW role", "SET log_min_messages = warning",
			"RESET ROLE", "SELECT current_user", "SET SESSION AUTHORIZATION nosuch",
			"SET SESSION AUTHORIZATION pg_monitor", "SELECT current_user, session_user", "SHOW is_superuser",
			"CHECKPOINT", "RESET SESSION AUTHORIZATION", "SELECT current_user", "BEGIN",
			"SET LOCAL ROLE pg_monitor", "SELECT current_user", "COMMIT", "SELECT current_user", "SET ROLE NONE")...),
		session("checkpoint", sqls("CHECKPOINT", "BEGIN", "CHECKPOINT", "COMMIT")...),
	}
}
