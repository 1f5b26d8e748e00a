package logging

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
)

// layoutText appends an event as lines. (PostgreSQL: send_message_to_server_log.)
func (s *Sink) layoutText(c *Config, e *entry) {
	line := func(tag, text string) {
		if text == "" {
			return
		}
		s.prefix(c, e)
		s.buf.WriteString(tag + ":  ")
		s.buf.WriteString(indent(printable(text)))
		s.buf.WriteByte('\n')
	}
	message := e.message
	if message == "" {
		message = "missing error text"
	}
	if c.Verbosity == Verbose {
		message = e.state + ": " + message
	}
	if e.position != "" {
		message += " at character " + e.position
	}
	line(e.severity.String(), message)
	if c.Verbosity != Terse {
		line("DETAIL", e.detail)
		line("HINT", e.hint)
		line("CONTEXT", e.context)
	}
	line("STATEMENT", e.statement)
}

// indent keeps the lines of one message apart from those of the next.
func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n\t") }

// rest lists fields that have no place of their own, in the order of their names.
func rest(fields map[string]any) string {
	names := make([]string, 0, len(fields))
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, " %s=%v", n, fields[n])
	}
	return b.String()
}

// layoutJSON appends an event as one object with PostgreSQL's keys, in its order. (PostgreSQL: write_jsonlog.)
func (s *Sink) layoutJSON(c *Config, e *entry) {
	s.lines[ToJSON]++
	log := zerolog.New(&s.buf)
	o := log.Log()
	optional := func(key, text string) {
		if text != "" {
			o.Str(key, text)
		}
	}
	o.Str("timestamp", e.now.In(c.Zone).Format(stampMilli))
	if s.client != nil {
		optional("user", s.client.User)
		optional("dbname", s.client.Database)
	}
	o.Int("pid", os.Getpid())
	if s.client != nil {
		optional("remote_host", s.client.RemoteHost)
		if port, err := strconv.Atoi(s.client.RemotePort); err == nil {
			o.Int("remote_port", port)
		}
	}
	o.Str("session_id", s.sessionID()).Int("line_num", s.lines[ToJSON])
	if s.client != nil {
		optional("ps", s.doing())
	}
	o.Str("session_start", s.started().In(c.Zone).Format(stampSecond)).Int("txid", 0)
	o.Str("error_severity", e.severity.String())
	if e.state != "00000" {
		optional("state_code", e.state)
	}
	optional("message", e.message)
	optional("detail", e.detail)
	optional("hint", e.hint)
	optional("context", e.context)
	if e.statement != "" {
		o.Str("statement", e.statement)
		if position, err := strconv.Atoi(e.position); err == nil {
			o.Int("cursor_position", position)
		}
	}
	if s.client != nil {
		optional("application_name", s.client.Application)
	}
	o.Str("backend_type", s.backend()).Int("query_id", 0).Send()
}
