package nodectl

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Exit codes, those of pg_ctl.
const (
	exitFailed     = 1
	exitNotRunning = 3 // status: no server
	exitNoDataDir  = 4 // status: no accessible data directory
)

// Error ends the program with an exit code and, if there is one, a message.
type Error struct {
	Code    int
	Message string // may have several lines; "" where all was said
}

func (e *Error) Error() string { return e.Message }

func failed(format string, args ...any) *Error {
	return &Error{Code: exitFailed, Message: fmt.Sprintf(format, args...)}
}

// reason is the system's own word for what went wrong, as strerror gives it.
func reason(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	s := errno.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
