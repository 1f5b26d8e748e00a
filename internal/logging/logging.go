// Package logging writes the server log: zerolog events, laid out as PostgreSQL lays out its own.
//
//	2026-11-20 05:35:39.123 UTC [4711] LOG:  started streaming WAL from primary at 0/3000000 on timeline 1
//	2026-11-20 05:35:39.124 UTC [4711] DETAIL:  …
//
// The levels map as follows: Debug is DEBUG1, Info is LOG, Warn is WARNING, Error is ERROR, Fatal is FATAL and Panic is
// PANIC. Use WithLevel for the last two: Logger.Fatal would end the process behind its owner's back.
package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// Names of the fields that get a line of their own.
const (
	DetailField = "detail"
	HintField   = "hint"
	StateField  = "sqlstate" // kept out of the text, as PostgreSQL does by default
)

// New makes a logger that writes to w, one write for each event. A message from another process never cuts into it.
func New(w io.Writer) zerolog.Logger {
	return zerolog.New(&textWriter{w, os.Getpid()})
}

// Reporter is an error that carries what PostgreSQL's errors carry.
type Reporter interface {
	error
	// LogFields gives the SQLSTATE, the message on its own, the detail and the hint; all but the message may be empty.
	LogFields() (sqlstate, message, detail, hint string)
}

type textWriter struct {
	w   io.Writer
	pid int
}

var severity = map[string]string{
	zerolog.LevelTraceValue: "DEBUG5", zerolog.LevelDebugValue: "DEBUG1", zerolog.LevelInfoValue: "LOG",
	zerolog.LevelWarnValue: "WARNING", zerolog.LevelErrorValue: "ERROR", zerolog.LevelFatalValue: "FATAL",
	zerolog.LevelPanicValue: "PANIC", "": "LOG",
}

// Write lays one event out and writes it.
func (t *textWriter) Write(event []byte) (int, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return 0, fmt.Errorf("lay out log event: %w", err)
	}
	take := func(name string) string {
		v, ok := fields[name]
		delete(fields, name)
		if !ok {
			return ""
		}
		return fmt.Sprint(v)
	}
	prefix := fmt.Sprintf("%s [%d] ", time.Now().UTC().Format("2006-01-02 15:04:05.000 MST"), t.pid)
	level, message, cause := take(zerolog.LevelFieldName), take(zerolog.MessageFieldName), take(zerolog.ErrorFieldName)
	detail, hint := take(DetailField), take(HintField)
	take(StateField)

	var b bytes.Buffer
	line := func(tag, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s%s:  %s\n", prefix, tag, indent(text))
		}
	}
	switch {
	case message == "":
		message = cause
	case cause != "":
		message += ": " + cause
	}
	line(severity[level], message+rest(fields))
	line("DETAIL", detail)
	line("HINT", hint)
	if _, err := t.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(event), nil
}

// indent keeps the lines of one message apart from those of the next.
func indent(s string) string {
	return string(bytes.ReplaceAll([]byte(s), []byte("\n"), []byte("\n\t")))
}

// rest lists fields that have no place of their own, in the order of their names.
func rest(fields map[string]any) string {
	names := make([]string, 0, len(fields))
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names)
	var b bytes.Buffer
	for _, n := range names {
		fmt.Fprintf(&b, " %s=%v", n, fields[n])
	}
	return b.String()
}
