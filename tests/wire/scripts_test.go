package wire

import (
	"encoding/binary"
	"fmt"
	"strings"

	"waypost/tests/wire/rawclient"
	"waypost/xlog"
)

// script is what a client does on one connection.
type script struct {
	name string
	play func(p *player)
}

const (
	version3   = 3 << 16
	sslRequest = 1234<<16 | 5679
	gssRequest = 1234<<16 | 5680
	cancel     = 1234<<16 | 5678
)

func request(code uint32, more ...byte) []byte {
	return rawclient.Packet(append(binary.BigEndian.AppendUint32(nil, code), more...))
}

// cancel has the session's statement canceled.
func (p *player) cancel() {
	c, err := rawclient.Dial(p.port, patience)
	if err != nil {
		p.note("%v", err)
		return
	}
	defer c.Close()
	_ = c.Send(request(cancel, p.key...))
	_, _ = c.Byte() // the server closes once it has passed the request on
}

// startup begins a session with these parameters, and reads what the server says to them.
func startup(version uint32, parameters ...string) func(p *player) {
	return func(p *player) {
		p.send(rawclient.Startup(version, parameters...))
		if p.until("ZE") == 'E' {
			p.toEnd()
		}
	}
}

func raw(packet []byte) func(p *player) {
	return func(p *player) {
		p.send(packet)
		p.toEnd()
	}
}

var physical = []string{"user", "postgres", "replication", "true", "application_name", "wire"}

func startupScripts() []script {
	body := binary.BigEndian.AppendUint32(nil, version3)
	return []script{
		{"physical replication", startup(version3, physical...)},
		{"replication with a database", startup(version3, "user", "postgres", "database", "postgres", "replication", "database")},
		{"no replication", startup(version3, "user", "postgres", "database", "postgres")},
		{"replication off", startup(version3, "user", "postgres", "database", "postgres", "replication", "off")},
		{"replication what", startup(version3, "user", "postgres", "replication", "what")},
		{"database that is not there", startup(version3, "user", "postgres", "database", "nosuch")},
		{"user that is not there", startup(version3, "user", "nosuch", "replication", "true")},
		{"no user", startup(version3, "replication", "true")},
		{"empty user", startup(version3, "user", "", "replication", "true")},
		{"no parameters", startup(version3)},
		{"setting", startup(version3, append(physical, "datestyle", "german", "extra_float_digits", "2")...)},
		{"unknown setting", startup(version3, append(physical, "nosuch", "1")...)},
		{"setting with a bad value", startup(version3, append(physical, "extra_float_digits", "many")...)},
		{"setting that needs a restart", startup(version3, append(physical, "max_wal_senders", "7")...)},
		{"setting of the server", startup(version3, append(physical, "server_version", "99")...)},
		{"options", startup(version3, append(physical, "options", "-c datestyle=iso,dmy --work-mem=1MB")...)},
		{"bad options", startup(version3, append(physical, "options", "-c nosuch=1")...)},
		{"client encoding", startup(version3, append(physical, "client_encoding", "LATIN1")...)},
		{"bad client encoding", startup(version3, append(physical, "client_encoding", "nosuch")...)},
		{"version 2.0", startup(2<<16, physical...)},
		{"version 4.0", startup(4<<16, physical...)},
		{"version 0.0", startup(0, physical...)},
		{"version 3.1", startup(version3+1, physical...)},
		{"version 3.9999", startup(version3+9999, physical...)},
		{"protocol options", startup(version3, append(physical, "_pq_.one", "1", "_pq_.two", "2")...)},
		{"version 3.2 with protocol options", startup(version3+2, append(physical, "_pq_.one", "1")...)},
		{"no terminator", raw(rawclient.Packet(append(body, "user\x00postgres\x00"...)))},
		{"no end of a value", raw(rawclient.Packet(append(body, "user\x00postgres"...)))},
		{"bytes after the terminator", raw(rawclient.Packet(append(body, "user\x00postgres\x00\x00more"...)))},
		{"length 7", raw([]byte{0, 0, 0, 7, 0, 3, 0})},
		{"length 0", raw([]byte{0, 0, 0, 0, 0, 3, 0, 0})},
		{"length 10001", raw(append([]byte{0, 0, 0x27, 0x15}, make([]byte, 10001)...))},
		{"HTTP", raw([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))},
		{"TLS at once", raw(append([]byte{0x16, 3, 1, 0, 200}, make([]byte, 200)...))},
		{"nothing", func(p *player) { _ = p.CloseWrite(); p.toEnd() }},
		{"half a length", func(p *player) { p.send([]byte{0, 0}); _ = p.CloseWrite(); p.toEnd() }},
		{"half a packet", func(p *player) { p.send([]byte{0, 0, 0, 80, 0, 3, 0, 0, 'u'}); _ = p.CloseWrite(); p.toEnd() }},
		{"cancel", raw(request(cancel, 0, 0, 0, 1, 0, 0, 0, 2))},
		{"cancel, too short", raw(request(cancel, 0, 0))},
		{"SSL refused", encryption(sslRequest)},
		{"GSS encryption refused", encryption(gssRequest)},
		{"SSL twice", func(p *player) {
			p.send(request(sslRequest))
			p.answer()
			raw(request(sslRequest))(p)
		}},
		{"bytes sent ahead of SSL's answer", func(p *player) {
			p.send(append(request(sslRequest), rawclient.Startup(version3, physical...)...))
			p.answer()
			p.toEnd()
		}},
	}
}

// encryption asks for it, and begins a session in clear when it is refused.
func encryption(code uint32) func(p *player) {
	return func(p *player) {
		p.send(request(code))
		if p.answer() == 'N' {
			startup(version3, physical...)(p)
		}
	}
}

// commands are replication commands that end with ReadyForQuery, or the connection.
func commands() []string {
	return []string{
		"IDENTIFY_SYSTEM", "identify_system ;", "IDENTIFY_SYSTEM 1", "IDENTIFY_SYSTEM; IDENTIFY_SYSTEM",
		"SHOW wal_segment_size", "SHOW data_directory_mode", "SHOW server_version", "SHOW server_version_num", "SHOW integer_datetimes",
		"SHOW wal_block_size", "SHOW block_size", "SHOW max_identifier_length", "SHOW transaction_isolation",
		"SHOW DateStyle", "SHOW nosuch", "SHOW", "SHOW all.b", "show \"Wal_Segment_Size\"",
		"", ";", "SELECT 1", "select 'a", "FOO", "/* a */ IDENTIFY_SYSTEM", "-- nothing", "BEGIN",
		"TIMELINE_HISTORY 2", "TIMELINE_HISTORY 3", "TIMELINE_HISTORY 0", "TIMELINE_HISTORY x", "TIMELINE_HISTORY", "TIMELINE_HISTORY 4294967296",
		"START_REPLICATION", "START_REPLICATION 0", "START_REPLICATION 0/0", "START_REPLICATION X/Y", "START_REPLICATION 0/0 TIMELINE 0",
		"START_REPLICATION 0/0 TIMELINE", "START_REPLICATION 0/0 NONSENSE", "START_REPLICATION PHYSICAL",
		"START_REPLICATION FFFFFFFF/FFFFFFFF", "START_REPLICATION 100000000/0", "START_REPLICATION FF/0 TIMELINE 1",
		"START_REPLICATION 0/0 TIMELINE 99", "START_REPLICATION 0/0 TIMELINE 3",
		"START_REPLICATION SLOT nosuch 0/0", "START_REPLICATION SLOT \"No Such\" 0/0", "START_REPLICATION SLOT nosuch LOGICAL 0/0",
		"DROP_REPLICATION_SLOT nosuch", "DROP_REPLICATION_SLOT nosuch WAIT", "READ_REPLICATION_SLOT nosuch", "READ_REPLICATION_SLOT",
		"CREATE_REPLICATION_SLOT", "CREATE_REPLICATION_SLOT s TEMPORARY PHYSICAL", "CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL test_decoding",
		"CREATE_REPLICATION_SLOT \"Bad Name\" PHYSICAL",
		"ALTER_REPLICATION_SLOT nosuch (FAILOVER)", "UPLOAD_MANIFEST", "BASE_BACKUP (NOSUCH)", "BASE_BACKUP (COMPRESSION 'nosuch')",
	}
}

func commandScripts() []script {
	var all []script
	for _, sql := range commands() {
		all = append(all, script{"command " + sql, func(p *player) {
			startup(version3, physical...)(p)
			p.lines = nil // another script has these
			p.send(rawclient.Query(sql))
			if p.until("ZWG") != 'Z' && p.until("Z") == 0 {
				return
			}
			p.send(rawclient.Query("SHOW wal_segment_size")) // what is left of the session
			p.until("Z")
		}})
	}
	return all
}

// messages are sent where a command is expected.
func messageScripts() []script {
	parse := rawclient.Typed('P', []byte("\x00SELECT 1\x00\x00\x00"))
	in := func(name string, b []byte) script {
		return script{name, func(p *player) {
			startup(version3, physical...)(p)
			p.lines = nil
			p.send(b)
			p.send(rawclient.Typed('S', nil))
			p.send(rawclient.Query("SHOW wal_segment_size"))
			p.send(rawclient.Typed('X', nil))
			p.toEnd()
		}}
	}
	return []script{
		in("parse", parse),
		in("function call", rawclient.Typed('F', make([]byte, 8))),
		in("sync", nil),
		in("flush", rawclient.Typed('H', nil)),
		in("late copy data", rawclient.Typed('d', []byte("late"))),
		in("late copy done", rawclient.Typed('c', nil)),
		in("unknown type", rawclient.Typed('z', nil)),
		in("type 0", rawclient.Typed(0, nil)),
		in("length 3", []byte{'Q', 0, 0, 0, 3}),
		in("length of 2 GB", []byte{'Q', 0x7f, 0xff, 0xff, 0xff}),
		in("query without an end", rawclient.Typed('Q', []byte("IDENTIFY_SYSTEM"))),
		in("query with two ends", rawclient.Typed('Q', []byte("IDENTIFY_SYSTEM\x00more\x00"))),
		in("password", rawclient.Typed('p', []byte("secret\x00"))),
	}
}

// range of WAL that both servers have.
type walRange struct {
	from, to xlog.LSN
	switchAt xlog.LSN // where timeline 1 ended
	ahead    xlog.LSN // not yet written
}

func (w walRange) start() string { return fmt.Sprintf("START_REPLICATION %v TIMELINE 2", w.from) }

// status is a standby status update.
func status(upto xlog.LSN, reply byte) []byte {
	b := []byte{'r'}
	for range 3 {
		b = binary.BigEndian.AppendUint64(b, uint64(upto))
	}
	b = binary.BigEndian.AppendUint64(b, uint64(xlog.Now()))
	return rawclient.Typed('d', append(b, reply))
}

// provoke sends bytes in copy mode, and then a request that is answered if the copy still goes on.
func provoke(p *player, b []byte) {
	p.send(b)
	p.send(status(p.start+xlog.LSN(len(p.wal)), 1))
	p.until("dZ")
	p.send(rawclient.Typed('X', nil))
	p.toEnd()
}

func streamScripts(w walRange) []script {
	in := func(name string, then func(p *player)) script {
		return script{"streaming, " + name, func(p *player) {
			startup(version3, physical...)(p)
			p.lines = nil
			p.send(rawclient.Query(w.start()))
			if p.until("WZ") == 'W' {
				p.stream(w.to)
			}
			then(p)
		}}
	}
	sends := func(name string, b []byte) script {
		return in(name, func(p *player) { provoke(p, b) })
	}
	feedback := rawclient.Typed('d', append([]byte{'h'}, make([]byte, 24)...))
	return []script{
		in("reply", func(p *player) {
			p.send(status(w.to, 1))
			p.until("d")
			p.send(status(w.to, 0))
			p.send(feedback)
			p.send(status(w.to, 1))
			p.until("d")
			p.send(rawclient.Typed('X', nil))
			p.toEnd()
		}),
		in("copy done and again", func(p *player) {
			p.send(rawclient.Typed('c', nil))
			p.until("Z")
			p.send(rawclient.Query(w.start()))
			p.until("W")
			p.wal = nil
			p.stream(w.to)
			p.send(append(rawclient.Typed('c', nil), rawclient.Query("SHOW wal_segment_size")...))
			p.until("Z")
			p.until("Z")
		}),
		in("canceled and again", func(p *player) {
			p.cancel()
			p.until("Z")
			p.send(status(w.to, 1)) // what belongs to the copy is ignored
			p.send(rawclient.Query(w.start()))
			p.until("W")
			p.wal = nil
			p.stream(w.to)
			p.send(rawclient.Typed('c', nil))
			p.until("Z")
		}),
		sends("copy fail", rawclient.Typed('f', []byte("enough\x00"))),
		in("half closed", func(p *player) { _ = p.CloseWrite(); p.toEnd() }),
		sends("query", rawclient.Query("IDENTIFY_SYSTEM")),
		sends("sync", rawclient.Typed('S', nil)),
		sends("unknown message", rawclient.Typed('d', []byte("x"))),
		sends("empty message", rawclient.Typed('d', nil)),
		sends("short status", rawclient.Typed('d', []byte("r123"))),
		sends("short feedback", rawclient.Typed('d', []byte("h123"))),
		sends("feedback of the future", rawclient.Typed('d', append([]byte{'h'}, []byte(strings.Repeat("\x7f", 24))...))),
		sends("unknown type", rawclient.Typed('z', nil)),
		sends("length 3", []byte{'d', 0, 0, 0, 3}),
		sends("length of 2 GB", []byte{'d', 0x7f, 0xff, 0xff, 0xff}),
		{"old timeline to its end", func(p *player) {
			startup(version3, physical...)(p)
			p.lines = nil
			p.send(rawclient.Query(fmt.Sprintf("START_REPLICATION %v TIMELINE 1", w.from)))
			if p.until("WZ") == 'W' {
				p.stream(w.switchAt)
				p.until("c")
				p.send(rawclient.Typed('c', nil))
				p.until("Z")
			}
		}},
		{"old timeline after its end", func(p *player) {
			startup(version3, physical...)(p)
			p.lines = nil
			p.send(rawclient.Query(fmt.Sprintf("START_REPLICATION %v TIMELINE 1", w.switchAt+1)))
			p.until("ZW")
		}},
		{"old timeline at its end", func(p *player) {
			startup(version3, physical...)(p)
			p.lines = nil
			p.send(rawclient.Query(fmt.Sprintf("START_REPLICATION %v TIMELINE 1", w.switchAt)))
			p.until("ZW")
		}},
		{"ahead of what there is", ahead(w.ahead)},
		{"far ahead of what there is", ahead(w.ahead + 64<<20)},
		{"a client that never answers", func(p *player) {
			startup(version3, append(physical, "options", "-c wal_sender_timeout=1s")...)(p)
			p.lines = nil
			p.send(rawclient.Query(w.start()))
			p.until("W")
			p.stream(w.to)
			p.toEnd()
		}},
		{"a client that answers when asked", func(p *player) {
			startup(version3, append(physical, "options", "-c wal_sender_timeout=3s")...)(p)
			p.lines = nil
			p.send(rawclient.Query(w.start()))
			p.until("W")
			p.stream(w.to)
			p.send(status(w.to, 0))
			for range 3 {
				p.until("d")
				p.send(status(w.to, 0))
			}
			p.send(rawclient.Typed('X', nil))
			p.toEnd()
		}},
	}
}

// ahead asks for WAL that there is not.
func ahead(at xlog.LSN) func(p *player) {
	return func(p *player) {
		startup(version3, physical...)(p)
		p.lines = nil
		p.send(rawclient.Query(fmt.Sprintf("START_REPLICATION %v", at)))
		if p.until("WZ") == 'W' {
			provoke(p, nil)
		}
	}
}
