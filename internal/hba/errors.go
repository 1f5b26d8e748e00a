package hba

import (
	"fmt"
	"strings"
	"syscall"
)

// Error is one thing wrong with a file, or the refusal of a client, with what a server's error message carries.
type Error struct {
	SQLSTATE string
	Message  string
	Hint     string
	File     string // "" where no file is concerned
	Line     int    // 1-based; 0 where no line is concerned
	Err      error  // what the system said, nil where it said nothing
}

func (e *Error) Error() string {
	if c := e.Context(); c != "" {
		return e.Message + ": " + c
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// LogFields gives what the log shows beside the message (logging.Reporter).
func (e *Error) LogFields() (sqlstate, message, detail, hint string) {
	return e.SQLSTATE, e.Error(), "", e.Hint
}

// Context names the place, as the CONTEXT of a log message; "" where no line is concerned.
func (e *Error) Context() string {
	if e.Line == 0 {
		return ""
	}
	return fmt.Sprintf(`line %d of configuration file "%s"`, e.Line, e.File)
}

// Errors is everything found wrong in one reading, in the order found.
type Errors []*Error

// Error gives all messages, a line each.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

const (
	codeConfigFile    = "F0000" // config_file_error
	codeAuthorization = "28000" // invalid_authorization_specification
)

// NoEntry is the FATAL for a client that no rule fits.
func (c *Client) NoEntry() *Error {
	if c.Replication {
		return c.refuse(`no pg_hba.conf entry for replication connection from host "%s", user "%s", %s`, c.host(), c.User, c.encryption())
	}
	return c.refuse(`no pg_hba.conf entry for host "%s", user "%s", database "%s", %s`, c.host(), c.User, c.Database, c.encryption())
}

// Rejected is the FATAL for a client whose rule says reject.
func (c *Client) Rejected() *Error {
	if c.Replication {
		return c.refuse(`pg_hba.conf rejects replication connection for host "%s", user "%s", %s`, c.host(), c.User, c.encryption())
	}
	return c.refuse(`pg_hba.conf rejects connection for host "%s", user "%s", database "%s", %s`, c.host(), c.User, c.Database, c.encryption())
}

func (c *Client) refuse(format string, args ...any) *Error {
	return &Error{SQLSTATE: codeAuthorization, Message: fmt.Sprintf(format, args...)}
}

func (c *Client) host() string {
	if c.Local {
		return "[local]"
	}
	return c.Addr.Unmap().String()
}

func (c *Client) encryption() string {
	switch {
	case c.GSS:
		return "GSS encryption"
	case c.SSL:
		return "SSL encryption"
	}
	return "no encryption"
}

// capital makes the system's word for an error look like %m's.
func capital(errno syscall.Errno) string {
	s := errno.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
