package hba

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// Error is one thing wrong with a file, or the refusal of a client, with what a server's error message carries.
type Error struct {
	SQLSTATE string
	Message  string
	Detail   string // for the log only: a client that is refused must not see it
	Hint     string
	File     string // "" where no file is concerned
	Line     int    // 1-based; 0 where no line is concerned
	Err      error  // what the system said, nil where it said nothing

	row string // what the view says, where PostgreSQL's says something else than its log
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
	return e.SQLSTATE, e.Message, e.Detail, e.Hint
}

// Context names the place, as the CONTEXT of a log message (logging.Placed); "" where no line is concerned.
func (e *Error) Context() string {
	if e.Line == 0 {
		return ""
	}
	return fmt.Sprintf(`line %d of configuration file "%s"`, e.Line, e.File)
}

// inRow is what the views' column error says.
func (e *Error) inRow() string {
	if e.row != "" {
		return e.row
	}
	return e.Message
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
	codeRegexp        = "2201B" // invalid_regular_expression
	codeNoFile        = "58P01" // undefined_file
	codeFile          = "58030" // io_error
	codePrivilege     = "42501" // insufficient_privilege
	codeSuccess       = "00000" // successful_completion: what is only logged
)

// fileCode is the SQLSTATE of an error of the file system.
func fileCode(err error) string {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return codeNoFile
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return codePrivilege
	}
	return codeFile
}

// NoEntry is the FATAL for a client that no rule fits.
func (c *Client) NoEntry() *Error {
	if c.Replication {
		return c.refuse(`no pg_hba.conf entry for replication connection from host "%s", user "%s", %s`,
			c.host(), c.User, c.encryption())
	}
	return c.refuse(`no pg_hba.conf entry for host "%s", user "%s", database "%s", %s`,
		c.host(), c.User, c.Database, c.encryption())
}

// Rejected is the FATAL for a client whose rule says reject.
func (c *Client) Rejected() *Error {
	if c.Replication {
		return c.refuse(`pg_hba.conf rejects replication connection for host "%s", user "%s", %s`,
			c.host(), c.User, c.encryption())
	}
	return c.refuse(`pg_hba.conf rejects connection for host "%s", user "%s", database "%s", %s`,
		c.host(), c.User, c.Database, c.encryption())
}

func (c *Client) refuse(format string, args ...any) *Error {
	return &Error{SQLSTATE: codeAuthorization, Message: fmt.Sprintf(format, args...), Detail: c.lookup.detail()}
}

// Matched says which rule a client fell under, for the DETAIL of what the log says of its failure.
func (r *Rule) Matched() string {
	return fmt.Sprintf(`Connection matched file "%s" line %d: "%s"`, r.File, r.Line, r.Raw)
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

// lookup is what was found out about a client's host name.
type lookup struct {
	state lookupState
	name  string
	err   error
}

type lookupState uint8

const (
	lookupNone      lookupState = iota // nobody has asked
	lookupReverse                      // the name is known, where it leads is not
	lookupMatches                      // the name's addresses have the client's among them
	lookupElsewhere                    // they have not
	lookupFailed                       // a look-up has failed with err
)

func (l *lookup) detail() string {
	switch {
	case l.state == lookupNone:
		return ""
	case l.state == lookupReverse:
		return fmt.Sprintf("Client IP address resolved to \"%s\", forward lookup not checked.", l.name)
	case l.state == lookupMatches:
		return fmt.Sprintf("Client IP address resolved to \"%s\", forward lookup matches.", l.name)
	case l.state == lookupElsewhere:
		return fmt.Sprintf("Client IP address resolved to \"%s\", forward lookup does not match.", l.name)
	case l.name != "":
		return fmt.Sprintf("Could not translate client host name \"%s\" to IP address: %s.", l.name, resolverWord(l.err))
	}
	return fmt.Sprintf("Could not resolve client IP address to a host name: %s.", resolverWord(l.err))
}

// resolverWord is what the resolver said, without the question.
func resolverWord(err error) string {
	var dns *net.DNSError
	switch {
	case err == nil:
		return "no name"
	case errors.As(err, &dns):
		return dns.Err
	}
	return err.Error()
}

// capital makes the system's word for an error look like %m's.
func capital(errno syscall.Errno) string {
	s := errno.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
