package views

import (
	"errors"
	"io/fs"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// SQLSTATEs that the engine has no name for.
const (
	codeNotInPrerequisiteState = "55000"
	codeReadOnly               = "25006"
	codeUndefinedFile          = "58P01"
	codeIO                     = "58030"
	codeUndefinedDatabase      = "3D000"
)

// failed makes an error of the system one for the client.
func failed(err error) error {
	code := codeIO
	if errors.Is(err, fs.ErrNotExist) {
		code = codeUndefinedFile
	}
	return types.Errorf(code, "could not %v", err)
}

func denied(kind, name string) *sql.Error {
	return types.Errorf(types.CodeInsufficientPrivilege, "permission denied for %s %s", kind, name)
}

// toldBy makes an error of one that carries its own words.
func toldBy(err error) error {
	var e interface {
		LogFields() (sqlstate, message, detail, hint string)
	}
	if !errors.As(err, &e) {
		return failed(err)
	}
	code, message, detail, hint := e.LogFields()
	return &sql.Error{Code: code, Message: message, Detail: detail, Hint: hint}
}
