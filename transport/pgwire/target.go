package pgwire

import (
	"errors"

	"waypost/transport"
)

// acceptsTarget says whether a server that reported these parameters is of the kind that target_session_attrs asks
// for; nil if so. A server before 14 does not report what is needed and is refused for everything but "any": asking
// it takes SQL, which a walsender does not speak.
func acceptsTarget(attrs string, parameters map[string]string) error {
	standby, known := parameters["in_hot_standby"]
	readOnly, knownToo := parameters["default_transaction_read_only"]
	switch attrs {
	case "", "any":
		return nil
	case "read-write", "read-only":
		if !known || !knownToo {
			return errTargetUnknown
		}
		if isReadOnly := standby == "on" || readOnly == "on"; isReadOnly == (attrs == "read-only") {
			return nil
		}
		if attrs == "read-only" {
			return errors.New("session is not read-only")
		}
		return errors.New("session is read-only")
	}
	if !known {
		return errTargetUnknown
	}
	if (standby == "on") == (attrs != "primary") {
		return nil
	}
	if attrs == "primary" {
		return errors.New("server is in hot standby mode")
	}
	return errors.New("server is not in hot standby mode")
}

var errTargetUnknown = errors.New("server does not report the state that target_session_attrs asks for")

// targetError marks a server as running but not of the kind asked for, so that the next one is tried.
func targetError(h host, err error) error {
	return &transport.ConnError{Op: connectOp(h), Err: err}
}
