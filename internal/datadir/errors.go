package datadir

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// Error is a refusal that the user must hear of as PostgreSQL would say it.
type Error struct {
	SQLSTATE string
	Message  string
	Detail   string
	Hint     string
	Err      error // what the system said, nil where it said nothing
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// LogFields gives what the log shows beside the message (logging.Reporter).
func (e *Error) LogFields() (sqlstate, message, detail, hint string) {
	return e.SQLSTATE, e.Message, e.Detail, e.Hint
}

const (
	codeLockFileExists = "F0001" // lock_file_exists
	codeNotReady       = "55000" // object_not_in_prerequisite_state
	codeInvalidValue   = "22023" // invalid_parameter_value
	codeUndefinedFile  = "58P01" // undefined_file
	codeDuplicateFile  = "58P02" // duplicate_file
	codeDenied         = "42501" // insufficient_privilege
	codeDiskFull       = "53100" // disk_full
	codeIO             = "58030" // io_error
)

// fileError is a failed access to a file: message, then what the system said, as %m prints it.
func fileError(message string, err error) *Error {
	code := codeIO
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = codeUndefinedFile
	case errors.Is(err, fs.ErrExist):
		code = codeDuplicateFile
	case errors.Is(err, fs.ErrPermission):
		code = codeDenied
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		code = codeDiskFull
	}
	text := err.Error()
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text = errno.Error()
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return &Error{SQLSTATE: code, Message: message + ": " + text, Err: err}
}
