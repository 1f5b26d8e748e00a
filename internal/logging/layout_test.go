package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// sinkFor makes a sink that writes to b, of a backend with a client if client is set.
func sinkFor(b *bytes.Buffer, client bool, change func(c *Config)) *Sink {
	s := NewSink(b)
	c := defaultConfig()
	c.Prefix = ""
	change(c)
	s.Configure(c)
	s.SetProcess(func() string { return "client backend" }, func() string { return "waypost: u d 10.0.0.1(55) idle  " })
	if client {
		s.SetClient(func(c *Client) {
			*c = Client{User: "u", Database: "d", RemoteHost: "10.0.0.1", RemotePort: "55", Start: time.Unix(1_700_000_000, 0)}
		})
	}
	return s
}

func TestPrefixEscapes(t *testing.T) {
	pid := os.Getpid()
	for _, c := range []struct{ prefix, session, other string }{
		{"%u@%d ", "u@d ", "@ "},
		{"%a|", "[unknown]|", "|"},
		{"%r %h|", "10.0.0.1(55) 10.0.0.1|", " |"},
		{"%b|", "client backend|", "client backend|"},
		{"%p|", fmt.Sprintf("%d|", pid), fmt.Sprintf("%d|", pid)},
		{"%P|%v|", "||", "||"},
		{"%i|", "idle|", "|"},
		{"%e|%x|%Q|", "00000|0|0|", "00000|0|0|"},
		{"%s|", "2023-11-14 22:13:20 UTC|", ""},
		{"%c|", fmt.Sprintf("6553f100.%x|", pid), ""},
		{"%l %l|", "1 1|", "1 1|"},
		{"%%|%q%u|", "%|u|", "%|"},
		{"%5u|%-5u|%10q|%3%|", "    u|u    ||  %|", "     |     |"},
		{"%y|%", "|", "|"},
		{"%5", "", ""},
		{"%99999u|", "u|", "|"},
	} {
		for client, want := range map[bool]string{true: c.session, false: c.other} {
			if want == "" && c.session != "" {
				continue // times of the test's own process
			}
			var b bytes.Buffer
			s := sinkFor(&b, client, func(config *Config) { config.Prefix = c.prefix })
			l := s.Logger()
			l.Info().Msg("m")
			require.Equal(t, want+"LOG:  m\n", b.String(), "%q, session: %v", c.prefix, client)
		}
	}
}

func TestTimesInPrefix(t *testing.T) {
	var b bytes.Buffer
	s := sinkFor(&b, false, func(c *Config) {
		c.Prefix, c.Zone = "%m|%t|%n|", time.FixedZone("CET", 3600)
	})
	l := s.Logger()
	l.Info().Msg("m")
	const second = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
	require.Regexp(t, `^`+second+`\.\d{3} CET\|`+second+` CET\|\d{10}\.\d{3}\|LOG:  m\n$`, b.String())
}

// what logs one event of each severity, and says which came through.
func passed(t *testing.T, least string) string {
	t.Helper()
	var b bytes.Buffer
	s := sinkFor(&b, false, func(c *Config) { c.Min = SeverityOption(least) })
	l := s.Logger()
	for _, known := range severities {
		At(&l, known.severity).Msg("m")
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), ":  m\n", " "), ": m", "")
}

func TestLogRanksBetweenErrorAndFatal(t *testing.T) {
	for least, want := range map[string]string{
		"debug5":  "DEBUG5 DEBUG4 DEBUG3 DEBUG2 DEBUG1 LOG INFO NOTICE WARNING ERROR FATAL PANIC ",
		"debug3":  "DEBUG3 DEBUG2 DEBUG1 LOG INFO NOTICE WARNING ERROR FATAL PANIC ",
		"debug":   "DEBUG2 DEBUG1 LOG INFO NOTICE WARNING ERROR FATAL PANIC ",
		"debug1":  "DEBUG1 LOG INFO NOTICE WARNING ERROR FATAL PANIC ",
		"info":    "LOG INFO NOTICE WARNING ERROR FATAL PANIC ",
		"notice":  "LOG NOTICE WARNING ERROR FATAL PANIC ",
		"warning": "LOG WARNING ERROR FATAL PANIC ",
		"error":   "LOG ERROR FATAL PANIC ",
		"log":     "LOG FATAL PANIC ",
		"fatal":   "FATAL PANIC ",
		"panic":   "PANIC ",
	} {
		require.Equal(t, want, passed(t, least), least)
	}
}

func TestVerbosity(t *testing.T) {
	for verbosity, want := range map[Verbosity]string{
		Terse:   "ERROR:  m at character 3\nSTATEMENT:  select 1\n",
		Default: "ERROR:  m at character 3\nDETAIL:  d\n\td2\nHINT:  h\nCONTEXT:  c\nSTATEMENT:  select 1\n",
		Verbose: "ERROR:  42601: m at character 3\nDETAIL:  d\n\td2\nHINT:  h\nCONTEXT:  c\nSTATEMENT:  select 1\n",
	} {
		var b bytes.Buffer
		s := sinkFor(&b, false, func(c *Config) { c.Verbosity = verbosity })
		s.SetStatement("select 1")
		l := s.Logger()
		l.Error().Str(StateField, "42601").Str(DetailField, "d\nd2").Str(HintField, "h").Str(ContextField, "c").
			Int(PositionField, 3).Msg("m")
		require.Equal(t, want, b.String())
	}
}

func TestStatementsOfFailures(t *testing.T) {
	var b bytes.Buffer
	s := sinkFor(&b, false, func(c *Config) { c.MinStatement = Error })
	l := s.Logger()
	logged := func(sql string, event *zerolog.Event, message string) string {
		b.Reset()
		s.SetStatement(sql)
		event.Msg(message)
		return b.String()
	}
	require.Equal(t, "ERROR:  m\nSTATEMENT:  select\n\t1\n", logged("select\n1", l.Error(), "m"))
	require.Equal(t, "WARNING:  m\n", logged("select 1", l.Warn(), "m"))
	require.Equal(t, "ERROR:  m\n", logged("", l.Error(), "m"))
	require.Equal(t, "ERROR:  m\n", logged("ALTER ROLE a PassWord 'geheim'", l.Error(), "m"))
	require.Equal(t, "ERROR:  syntax error\n", logged("alter role a password geheim", l.Error(),
		`syntax error at or near "geheim"`))
	require.Equal(t, "ERROR:  syntax error at or near \"selct\"\nSTATEMENT:  selct\n",
		logged("selct", l.Error(), `syntax error at or near "selct"`))
	s.Configure(&Config{Min: Warning, MinStatement: Panic, Zone: time.UTC, Text: true})
	require.Equal(t, "ERROR:  m\n", logged("select 1", l.Error(), "m"))
}

// Names that clients choose, and what they say, neither look like events of their own nor steer a terminal.
func TestWhatClientsSayForgesNoEvents(t *testing.T) {
	var b bytes.Buffer
	s := sinkFor(&b, true, func(c *Config) { c.Prefix = "%u@%d %a: " })
	s.SetClient(func(c *Client) {
		c.User, c.Database, c.Application = "u\nFATAL:  forged", "d\r\x1b[2J", "\u009bäx"
	})
	s.SetStatement("select\r\n\t'\x1b[2J'")
	l := s.Logger()
	l.Error().Msg("no \rsuch\nthing\u0085")
	require.Equal(t, `u\x0aFATAL:  forged@d\x0d\x1b[2J \x9bäx: ERROR:  no \x0dsuch`+"\n\tthing"+`\x85`+"\n"+
		`u\x0aFATAL:  forged@d\x0d\x1b[2J \x9bäx: STATEMENT:  select`+"\n\t\t"+`'\x1b[2J'`+"\n", b.String())
}

func TestZonesAreThoseThatSHOWTakes(t *testing.T) {
	winter := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"UTC": "12:00 UTC", "GMT": "12:00 GMT", "europe/berlin": "13:00 CET", "<+07>-07": "19:00 +07", "EST5EDT": "07:00 EST",
		"5.5": "17:30 +05:30", "nowhere": "12:00 UTC",
	} {
		require.Equal(t, want, winter.In(Zone(zone)).Format("15:04 MST"), zone)
	}
}

// A reload in one goroutine does not disturb another that logs.
func TestSettingsChangeWhileOthersLog(t *testing.T) {
	var w countingWriter
	s := NewSink(&w)
	l := s.Logger()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			l.Debug().Msg("m")
		}
	}()
	for i := range 1000 {
		c := defaultConfig()
		if i%2 == 0 {
			c.Min = Debug1
		}
		s.Configure(c)
	}
	<-done
	was := w.writes
	l.Debug().Msg("held back")
	require.Equal(t, was, w.writes)
	c := defaultConfig()
	c.Min = Debug2
	s.Configure(c)
	l.Debug().Msg("shown")
	At(&l, Debug2).Msg("shown, too")
	At(&l, Debug3).Msg("held back")
	require.Equal(t, was+2, w.writes, "a logger follows the settings")
}

type placed struct{ report }

func (placed) Context() string  { return "line 3 of configuration file \"x\"" }
func (placed) LogPosition() int { return 7 }

func TestErrorsThatKnowTheirPlace(t *testing.T) {
	var b bytes.Buffer
	s := sinkFor(&b, false, func(*Config) {})
	l := s.Logger()
	Event(&l, zerolog.ErrorLevel, placed{})
	require.Equal(t, "ERROR:  disk is full at character 7\nDETAIL:  0 bytes left\nHINT:  Make room.\n"+
		"CONTEXT:  line 3 of configuration file \"x\"\n", b.String())
}

func TestJSONHasPostgreSQLsKeysInItsOrder(t *testing.T) {
	var b bytes.Buffer
	s := sinkFor(&b, true, func(c *Config) { c.Text, c.JSON = false, true })
	s.SetClient(func(c *Client) { c.Application = "a \"b\"\n\xff" })
	s.SetStatement("select 1")
	l := s.Logger()
	l.Error().Str(StateField, "42601").Str(DetailField, "d").Str(HintField, "h").Str(ContextField, "c").
		Int(PositionField, 3).Msg("m")
	require.Equal(t, 1, strings.Count(b.String(), "\n"))
	require.Regexp(t, `^\{"timestamp":"\S+ \S+ UTC","user":"u","dbname":"d","pid":\d+,`+
		`"remote_host":"10\.0\.0\.1","remote_port":55,`+
		`"session_id":"6553f100\.[0-9a-f]+","line_num":1,"ps":"idle","session_start":"2023-11-14 22:13:20 UTC","txid":0,`+
		`"error_severity":"ERROR","state_code":"42601","message":"m","detail":"d","hint":"h","context":"c",`+
		`"statement":"select 1",`+
		`"cursor_position":3,"application_name":"a .*","backend_type":"client backend","query_id":0\}\n$`, b.String())
	require.True(t, json.Valid(b.Bytes()))

	b.Reset()
	s = sinkFor(&b, false, func(c *Config) { c.Text, c.JSON = false, true })
	l = s.Logger()
	l.Info().Msg("m")
	require.Regexp(t, `^\{"timestamp":"[^"]+","pid":\d+,"session_id":"[^"]+","line_num":1,"session_start":"[^"]+","txid":0,`+
		`"error_severity":"LOG","message":"m","backend_type":"client backend","query_id":0\}\n$`, b.String())
}

func TestDestinationsAreAList(t *testing.T) {
	for list, want := range map[string][2]bool{
		"stderr": {true, false}, "jsonlog": {false, true}, "stderr, jsonlog": {true, true},
		`JSONLOG,"stderr"`: {true, true}, "": {}, "csvlog": {true, false}, "syslog, jsonlog": {true, true},
	} {
		text, json := Destinations(list)
		require.Equal(t, want, [2]bool{text, json}, list)
	}
}
