package logging

import (
	"strings"
	"time"

	"github.com/rs/zerolog"

	"waypost/internal/guc"
)

// Verbosity is log_error_verbosity.
type Verbosity uint8

// The verbosities.
const (
	Terse   Verbosity = iota // the message alone
	Default                  // and DETAIL, HINT and CONTEXT
	Verbose                  // and the SQLSTATE
)

// Config is what the settings say about the log. It is not changed afterwards.
type Config struct {
	Min          Severity // log_min_messages
	MinStatement Severity // log_min_error_statement
	Verbosity    Verbosity
	Prefix       string // log_line_prefix
	Zone         *time.Location
	Text, JSON   bool // log_destination
}

func defaultConfig() *Config {
	return &Config{Min: Warning, MinStatement: Error, Verbosity: Default, Prefix: "%m [%p] ", Zone: time.UTC, Text: true}
}

// ConfigOf takes the settings out that concern the log.
func ConfigOf(s *guc.Settings) *Config {
	c := &Config{
		Min: SeverityOption(s.Enum(guc.LogMinMessages)), MinStatement: SeverityOption(s.Enum(guc.LogMinErrorStatement)),
		Prefix: s.String(guc.LogLinePrefix), Zone: Zone(s.String(guc.LogTimezone)),
	}
	switch s.Enum(guc.LogErrorVerbosity) {
	case "default":
		c.Verbosity = Default
	case "verbose":
		c.Verbosity = Verbose
	}
	c.Text, c.JSON = Destinations(s.String(guc.LogDestination))
	return c
}

// Destinations says which forms a value of log_destination asks for. What is not supported becomes text.
func Destinations(list string) (text, json bool) {
	for word := range strings.SplitSeq(list, ",") {
		switch strings.ToLower(strings.Trim(strings.TrimSpace(word), `"`)) {
		case "stderr", "csvlog", "syslog":
			text = true
		case "jsonlog":
			json = true
		}
	}
	return text, json
}

// Zone is what a value of log_timezone means. UTC, which nearly all logs are in, takes no file; GMT is called so.
func Zone(name string) *time.Location {
	switch strings.ToUpper(name) {
	case "", "UTC", "ETC/UTC":
		return time.UTC
	case "GMT":
		return time.FixedZone("GMT", 0)
	}
	return guc.Location(name)
}

// level is the zerolog level at which everything passes that the sink may let pass.
func (c *Config) level() zerolog.Level {
	switch {
	case c.Min < Debug1:
		return zerolog.TraceLevel
	case c.Min == Debug1:
		return zerolog.DebugLevel
	case c.Min == Fatal:
		return zerolog.FatalLevel
	case c.Min == Panic:
		return zerolog.PanicLevel
	}
	return zerolog.InfoLevel
}
