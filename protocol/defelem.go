package protocol

import (
	"strconv"
	"strings"
)

// ValueKind says what kind of value an option has.
type ValueKind uint8

const (
	NoValue ValueKind = iota
	StringValue
	IntegerValue // decimal digits in the command; may be too large for any integer type
)

// DefElem is an option of a command: a name and perhaps a value.
type DefElem struct {
	Name string
	Kind ValueKind
	Text string // the value; digits of an IntegerValue
}

// Value is the value as text (defGetString); an option without one is an error.
func (d DefElem) Value() (string, error) {
	if d.Kind == NoValue {
		return "", Errorf(CodeSyntaxError, "%s requires a parameter", d.Name)
	}
	return d.Text, nil
}

// Boolean is the value as a truth value (defGetBoolean): 0, 1, true, false, on, off; none means true.
func (d DefElem) Boolean() (bool, error) {
	switch d.Kind {
	case NoValue:
		return true, nil
	case IntegerValue:
		if n, err := strconv.ParseUint(d.Text, 10, 32); err == nil && n <= 1 {
			return n == 1, nil
		}
	case StringValue:
		switch strings.ToLower(d.Text) {
		case "true", "on":
			return true, nil
		case "false", "off":
			return false, nil
		}
	}
	return false, Errorf(CodeSyntaxError, "%s requires a Boolean value", d.Name)
}
