package tlsfiles

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
)

// SQLSTATEs of this package's errors.
const (
	codeConfigFile    = "F0000" // config_file_error
	codeUndefinedFile = "58P01" // undefined_file
	codeDenied        = "42501" // insufficient_privilege
	codeIO            = "58030" // io_error
	codeInternal      = "XX000" // where PostgreSQL gives no other
)

// configError is an error as PostgreSQL words it.
func configError(format string, args ...any) *guc.Error {
	return &guc.Error{SQLSTATE: codeConfigFile, Message: fmt.Sprintf(format, args...)}
}

// accessCode is the SQLSTATE of a file that cannot be used.
func accessCode(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return codeUndefinedFile
	case errors.Is(err, fs.ErrPermission):
		return codeDenied
	}
	return codeIO
}

// reason is the system's word for what went wrong, as strerror has it.
func reason(err error) string {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	switch errno {
	case unix.ENOENT:
		return "No such file or directory"
	case unix.EACCES:
		return "Permission denied"
	case unix.EISDIR:
		return "Is a directory"
	case unix.EIO:
		return "Input/output error"
	}
	return errno.Error()
}
