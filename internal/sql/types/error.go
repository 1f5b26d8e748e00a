package types

import "fmt"

// Error is an error for the client, with the fields of PostgreSQL's ErrorResponse.
type Error struct {
	Code    string // SQLSTATE
	Message string
	Detail  string
	Hint    string
	// Position is where in the statement's text the error is: a character's
	// index that begins with 1, or 0 where there is none to tell.
	Position int
}

// Error gives the message with its SQLSTATE.
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// Errorf makes an Error without a position.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns e with a hint.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

// WithDetail returns e with a detail.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// SQLSTATEs that the engine raises (src/backend/utils/errcodes.txt).
const (
	CodeFeatureNotSupported    = "0A000"
	CodeCardinalityViolation   = "21000"
	CodeStringTooLong          = "22001"
	CodeOutOfRange             = "22003"
	CodeNullNotAllowed         = "22004"
	CodeInvalidDatetime        = "22007"
	CodeDatetimeOverflow       = "22008"
	CodeSubstringError         = "22011"
	CodeDivisionByZero         = "22012"
	CodeIntervalOverflow       = "22015"
	CodeInvalidArgumentLog     = "2201E"
	CodeInvalidArgumentPower   = "2201F"
	CodeInvalidRegexp          = "2201B"
	CodeInvalidLimit           = "2201W"
	CodeInvalidOffset          = "2201X"
	CodeNotInRepertoire        = "22021"
	CodeInvalidParameter       = "22023"
	CodeInvalidEscape          = "22025"
	CodeArraySubscript         = "2202E"
	CodeInvalidText            = "22P02"
	CodeInvalidBinary          = "22P03"
	CodeSyntax                 = "42601"
	CodeInsufficientPrivilege  = "42501"
	CodeDuplicateColumn        = "42701"
	CodeAmbiguousColumn        = "42702"
	CodeUndefinedColumn        = "42703"
	CodeUndefinedObject        = "42704"
	CodeDuplicateAlias         = "42712"
	CodeAmbiguousFunction      = "42725"
	CodeGrouping               = "42803"
	CodeDatatypeMismatch       = "42804"
	CodeWrongObjectType        = "42809"
	CodeCannotCoerce           = "42846"
	CodeUndefinedFunction      = "42883"
	CodeUndefinedTable         = "42P01"
	CodeUndefinedParameter     = "42P02"
	CodeInvalidColumnReference = "42P10"
	CodeIndeterminateDatatype  = "42P18"
	CodeAmbiguousParameter     = "42P08"
	CodeOutOfMemory            = "53200"
	CodeProgramLimit           = "54000"
	CodeStatementTooComplex    = "54001"
	CodeQueryCanceled          = "57014"
	CodeInternal               = "XX000"
)
