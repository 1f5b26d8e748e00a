// Package logging writes the server log: zerolog events, laid out as PostgreSQL lays out its own.
//
//	2026-11-20 05:35:39.123 UTC [4711] LOG:  started streaming WAL from primary at 0/3000000 on timeline 1
//	2026-11-20 05:35:39.124 UTC [4711] DETAIL:  …
//
// or, for log_destination jsonlog, one object to a line with the keys of PostgreSQL's.
//
// zerolog's levels stand for PostgreSQL's as follows: Trace is DEBUG5, Debug is DEBUG1, Info is LOG, Warn is WARNING, Error
// is ERROR, Fatal is FATAL and Panic is PANIC. Use WithLevel for the last two: Logger.Fatal would end the process behind
// its owner's back. At says the others.
//
// Nothing is laid out that log_min_messages keeps back. An event is one write, or, to the logger process, a row of chunks
// that it puts together again (pipe.go). Whoever logs to the logger process waits for it no longer than a bound (Pipe);
// whoever writes by itself waits for as long as the write takes.
package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Names of the fields that have a place of their own.
const (
	DetailField   = "detail"
	HintField     = "hint"
	ContextField  = "context"
	StateField    = "sqlstate" // shown where log_line_prefix or log_error_verbosity asks for it
	PositionField = "position" // in the statement, counted in characters from 1
	severityField = "severity" // a severity that has no level of zerolog's
)

// Reporter is an error that carries what PostgreSQL's errors carry.
type Reporter interface {
	error
	// LogFields gives the SQLSTATE, the message on its own, the detail and the hint; all but the message may be empty.
	LogFields() (sqlstate, message, detail, hint string)
}

// Placed is a Reporter that also knows where: the CONTEXT, "" for none, in place of which Error may say the same.
type Placed interface {
	Context() string
}

// Positioned is a Reporter that also knows the place in the statement, 0 for none.
type Positioned interface {
	LogPosition() int
}

// New makes a logger that writes to w by PostgreSQL's default settings, one write for each event. A message from another
// process never cuts into it.
func New(w io.Writer) zerolog.Logger {
	return NewSink(w).Logger()
}

// Client is what the log knows of a session.
type Client struct {
	User, Database, Application string
	RemoteHost                  string // "[local]" for a Unix-domain socket
	RemotePort                  string // "" for a Unix-domain socket
	LocalHost                   string
	Start                       time.Time // of the session
}

// Sink is where a process's events come together: it knows the process and the session, lays out, and writes. Any
// goroutine may use it.
type Sink struct {
	config    atomic.Pointer[Config]
	statement atomic.Pointer[string]

	mu      sync.Mutex                              // guards the fields below
	out     io.Writer                               // text, or JSON, where neither of the next is set
	pipe    *Pipe                                   // to the logger process, if there is one
	forms   func(event []byte, to Destination) bool // takes each form by itself, or not: false
	backend func() string
	client  *Client // nil for a process that serves none
	title   func() string
	start   time.Time            // of the process
	lines   [NumDestinations]int // so far, of each form
	buf     bytes.Buffer
}

// NewSink makes a sink that writes to w as the default settings say, in UTC.
func NewSink(w io.Writer) *Sink {
	nothing := func() string { return "" }
	s := &Sink{out: w, start: time.Now(), backend: nothing, title: nothing}
	s.config.Store(defaultConfig())
	return s
}

// Logger gives a logger for the sink. What it lets pass follows the settings.
func (s *Sink) Logger() zerolog.Logger { return zerolog.New(s).Sample(s) }

// Sample says whether events of a level may pass, before anything is made of them (zerolog.Sampler).
func (s *Sink) Sample(level zerolog.Level) bool { return level >= s.config.Load().level() }

// Configure has the settings hold from now on, also for those who log meanwhile.
func (s *Sink) Configure(c *Config) { s.config.Store(c) }

// UsePipe has everything go to the logger process from now on.
func (s *Sink) UsePipe(p *Pipe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pipe, s.forms = p, p.send
}

// UseForms has everything go to a function that takes each form by itself. For the logger process.
func (s *Sink) UseForms(f func(event []byte, to Destination) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = f
}

// SetProcess gives the functions that say what the process is now (%b, PostgreSQL's backend_type) and what its title shows,
// of which %i and ps are the part behind the client's address. They are called with the sink's lock held.
func (s *Sink) SetProcess(backendType, title func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backend, s.title = backendType, title
}

// SetClient changes what is known of the session; the first call makes the process one that serves a session.
func (s *Sink) SetClient(change func(c *Client)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := Client{}
	if s.client != nil {
		next = *s.client
	}
	change(&next)
	s.client = &next
}

// SetStatement gives the statement that runs, for log_min_error_statement; "" is none. It costs no lock.
func (s *Sink) SetStatement(sql string) {
	if sql == "" {
		s.statement.Store(nil)
		return
	}
	s.statement.Store(&sql)
}

// Write takes an event of zerolog's (io.Writer).
func (s *Sink) Write(event []byte) (int, error) {
	e, err := decode(event)
	if err != nil {
		return 0, err
	}
	c := s.config.Load()
	if !e.severity.passes(c.Min) {
		return len(event), nil
	}
	if sql := s.statement.Load(); sql != nil && e.severity.passes(c.MinStatement) {
		e.statement = *sql
		e.hideSecrets()
	}
	e.limit()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.log(c, e); err != nil {
		return 0, err
	}
	return len(event), nil
}

// log lays an event out and writes it.
func (s *Sink) log(c *Config, e *entry) error {
	e.now = time.Now()
	if s.forms == nil {
		return s.logDirectly(c, e)
	}
	if s.pipe != nil {
		if n := s.pipe.takeLost(); n > 0 {
			s.send(c, &entry{severity: Warning, state: "01000", now: e.now,
				message: fmt.Sprintf("%d messages could not be logged because the logger did not take them in time", n)})
		}
	}
	s.send(c, e)
	return nil
}

// logDirectly writes without a logger process: text, unless JSON alone is wanted.
func (s *Sink) logDirectly(c *Config, e *entry) error {
	s.buf.Reset()
	if c.JSON && !c.Text {
		s.layoutJSON(c, e)
	} else {
		s.layoutText(c, e)
	}
	_, err := s.out.Write(s.buf.Bytes())
	s.trim()
	return err
}

// send passes an event on in each form that is wanted. One that is lost in both is lost once.
func (s *Sink) send(c *Config, e *entry) {
	taken := true
	if c.Text || !c.JSON {
		s.buf.Reset()
		s.layoutText(c, e)
		taken = s.forms(s.buf.Bytes(), ToText)
	}
	if c.JSON {
		s.buf.Reset()
		s.layoutJSON(c, e)
		taken = s.forms(s.buf.Bytes(), ToJSON) && taken
	}
	if !taken && s.pipe != nil {
		s.pipe.lost++
	}
	s.trim()
}

// keepBuffer is the largest buffer that an idle process holds on to, bytes.
const keepBuffer = 4096

func (s *Sink) trim() {
	if s.buf.Cap() > keepBuffer {
		s.buf = bytes.Buffer{}
	}
}

// entry is one event, taken apart.
type entry struct {
	severity                              Severity
	state, message, detail, hint, context string
	position                              string
	statement                             string
	now                                   time.Time
}

// decode takes an event of zerolog's apart.
func decode(event []byte) (*entry, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return nil, fmt.Errorf("lay out log event: %w", err)
	}
	take := func(name string) string {
		v, ok := fields[name]
		delete(fields, name)
		if !ok {
			return ""
		}
		return fmt.Sprint(v)
	}
	e := &entry{severity: severityOfLevel(take(zerolog.LevelFieldName))}
	if name := take(severityField); name != "" {
		e.severity = severityNamed(name)
	}
	e.message = take(zerolog.MessageFieldName)
	cause := take(zerolog.ErrorFieldName)
	e.state, e.detail, e.hint = take(StateField), take(DetailField), take(HintField)
	e.context, e.position = take(ContextField), take(PositionField)
	switch {
	case e.message == "":
		e.message = cause
	case cause != "":
		e.message += ": " + cause
	}
	e.message += rest(fields)
	if e.state == "" {
		e.state = e.severity.state()
	}
	return e, nil
}

// hideSecrets takes a statement away that holds a password where it would be shown, and what a syntax error quotes of it.
func (e *entry) hideSecrets() {
	shown := head(e.statement, maxStatement)
	if secretIn(shown, len(shown) < len(e.statement)) < 0 {
		return
	}
	e.statement = ""
	if before, quoted, ok := strings.Cut(e.message, ` at or near "`); ok && strings.HasSuffix(quoted, `"`) {
		e.message = before
	}
}

// HoldsPassword says whether a statement may hold a password, or what could be used like one: its text must not be logged.
func HoldsPassword(sql string) bool {
	return SecretAt(sql) >= 0
}
