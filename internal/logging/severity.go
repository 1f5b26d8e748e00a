package logging

import "github.com/rs/zerolog"

// Severity is how much an event matters, in PostgreSQL's own numbers (elog.h).
type Severity uint8

// The severities.
const (
	Debug5  Severity = 10
	Debug4  Severity = 11
	Debug3  Severity = 12
	Debug2  Severity = 13
	Debug1  Severity = 14
	Log     Severity = 15 // ranks between Error and Fatal
	Info    Severity = 17
	Notice  Severity = 18
	Warning Severity = 19
	Error   Severity = 21
	Fatal   Severity = 22
	Panic   Severity = 23
)

// severities are their names in the log, and in small letters in the settings; a zerolog level where there is one.
var severities = [...]struct {
	severity    Severity
	name, lower string
	level       string
}{
	{Debug5, "DEBUG5", "debug5", zerolog.LevelTraceValue}, {Debug4, "DEBUG4", "debug4", ""}, {Debug3, "DEBUG3", "debug3", ""},
	{Debug2, "DEBUG2", "debug2", ""}, {Debug1, "DEBUG1", "debug1", zerolog.LevelDebugValue},
	{Log, "LOG", "log", zerolog.LevelInfoValue}, {Info, "INFO", "info", ""}, {Notice, "NOTICE", "notice", ""},
	{Warning, "WARNING", "warning", zerolog.LevelWarnValue}, {Error, "ERROR", "error", zerolog.LevelErrorValue},
	{Fatal, "FATAL", "fatal", zerolog.LevelFatalValue}, {Panic, "PANIC", "panic", zerolog.LevelPanicValue},
}

// String gives the word that the log shows.
func (s Severity) String() string {
	for _, known := range severities {
		if known.severity == s {
			return known.name
		}
	}
	return "LOG"
}

func severityOfLevel(level string) Severity {
	for _, known := range severities {
		if known.level == level && level != "" {
			return known.severity
		}
	}
	return Log
}

func severityNamed(name string) Severity {
	for _, known := range severities {
		if known.name == name {
			return known.severity
		}
	}
	return Log
}

// SeverityOption is the severity that a value of log_min_messages or log_min_error_statement names.
func SeverityOption(option string) Severity {
	if option == "debug" {
		return Debug2
	}
	for _, known := range severities {
		if known.lower == option {
			return known.severity
		}
	}
	return Warning
}

// passes says whether an event is logged where least is the least that is. LOG stands between ERROR and FATAL here, so that
// "warning", the default, still logs what an operator needs. (PostgreSQL: is_log_level_output.)
func (s Severity) passes(least Severity) bool { return s.rank() >= least.rank() }

func (s Severity) rank() int {
	if s == Log {
		return 2*int(Error) + 1
	}
	return 2 * int(s)
}

// state is the SQLSTATE of an event that has none of its own.
func (s Severity) state() string {
	switch {
	case s >= Error:
		return "XX000" // internal_error
	case s == Warning:
		return "01000" // warning
	}
	return "00000" // successful_completion
}

// At begins an event of a severity that zerolog has no level for.
func At(log *zerolog.Logger, s Severity) *zerolog.Event {
	for _, known := range severities {
		if known.severity != s {
			continue
		}
		if known.level == "" {
			break
		}
		level, _ := zerolog.ParseLevel(known.level)
		return log.WithLevel(level)
	}
	level := zerolog.InfoLevel
	if s < Log {
		level = zerolog.DebugLevel
	}
	return log.WithLevel(level).Str(severityField, s.String())
}
