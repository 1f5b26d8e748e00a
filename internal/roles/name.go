package roles

import (
	"strings"
	"unicode/utf8"

	"waypost/internal/sql/types"
)

const (
	codeReservedName    = "42939"
	codeObjectInUse     = "55006"
	codeDependent       = "2BP01" // dependent_objects_still_exist
	codeInvalidGrant    = "0LP01" // invalid_grant_operation
	codeLimitExceeded   = "54000" // program_limit_exceeded
	codeDuplicate       = "42710" // duplicate_object
	codeUndefinedObject = "42704"
	codeUndefinedDB     = "3D000"
)

// CheckName says whether a role may be called so; nil if it may.
func CheckName(name string) *types.Error {
	switch {
	case name == "" || len(name) > MaxName:
		return types.Errorf("42602", "role name \"%s\" must have 1 to %d bytes", name, MaxName)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return types.Errorf(types.CodeNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
	case name == "public", name == "none":
		return types.Errorf(codeReservedName, "role name \"%s\" is reserved", name)
	}
	return notReserved(name, "Role names starting with \"pg_\" are reserved.")
}

// notReserved keeps names of predefined roles, those to come with them, for the system.
func notReserved(name, detail string) *types.Error {
	if strings.HasPrefix(name, "pg_") {
		return types.Errorf(codeReservedName, "role name \"%s\" is reserved", name).WithDetail("%s", detail)
	}
	return nil
}

// unknown is the error for a role that is not there.
func unknown(name string) error {
	return types.Errorf(codeUndefinedObject, "role \"%s\" does not exist", name)
}
