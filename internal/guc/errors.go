package guc

import (
	"strconv"
	"strings"
)

// SQLSTATEs of this package's errors.
const (
	codeInvalidValue  = "22023" // invalid_parameter_value
	codeUndefined     = "42704" // undefined_object
	codeSyntax        = "42601" // syntax_error
	codeCannotChange  = "55P02" // cant_change_runtime_param
	codeConfigFile    = "F0000" // config_file_error
	codeUndefinedFile = "58P01" // undefined_file
	codeDenied        = "42501" // insufficient_privilege
	codeIO            = "58030" // io_error
	codeLimit         = "54000" // program_limit_exceeded
	codeInvalidName   = "42602" // invalid_name
	codeLocked        = "55P03" // lock_not_available
	codeDiskFull      = "53100" // disk_full
	codeUnsupported   = "0A000" // feature_not_supported
)

// Error is one thing wrong with a setting or a file, with what a server's error message carries.
type Error struct {
	SQLSTATE string
	Message  string
	Detail   string
	Hint     string
	File     string // "" where no file is concerned
	Line     int    // 1-based; 0 where no line is concerned
}

// Error gives the message, and the place where the message itself does not name it.
func (e *Error) Error() string {
	if e.File == "" || e.Line == 0 || strings.Contains(e.Message, " line ") {
		return e.Message
	}
	return e.Message + " in file \"" + e.File + "\" line " + strconv.Itoa(e.Line)
}

// LogFields gives what the log shows beside the message (logging.Reporter).
func (e *Error) LogFields() (sqlstate, message, detail, hint string) {
	return e.SQLSTATE, e.Error(), e.Detail, e.Hint
}

// Errors is everything found wrong in one reading of the configuration, in the order found.
type Errors []*Error

// Error gives all messages, a line each.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

func unrecognized(name string) *Error {
	return &Error{SQLSTATE: codeUndefined, Message: "unrecognized configuration parameter " + quote(name)}
}

func invalidName(name string) *Error {
	return &Error{SQLSTATE: codeInvalidName, Message: "invalid configuration parameter name " + quote(name),
		Detail: "Custom parameter names must be two or more simple identifiers separated by dots."}
}

func cannotChange(name, how string) *Error {
	return &Error{SQLSTATE: codeCannotChange, Message: "parameter " + quote(name) + " cannot be " + how}
}

// quote puts s between double quotes as messages do, with nothing escaped.
func quote(s string) string { return `"` + s + `"` }
