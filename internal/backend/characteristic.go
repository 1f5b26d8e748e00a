package backend

import (
	"strings"

	"waypost/internal/guc"
	"waypost/protocol"
)

// The settings that belong to the transaction (PostgreSQL: SET TRANSACTION).
const (
	isolationSetting  = "transaction_isolation"
	readOnlySetting   = "transaction_read_only"
	deferrableSetting = "transaction_deferrable"
)

var isolationLevels = [...]string{"read uncommitted", "read committed", "repeatable read", "serializable"}

func (t *tcop) defaultIsolation() string {
	level := t.P.Settings.Enum(guc.DefaultTransactionIsolation)
	if level == "serializable" {
		return "repeatable read" // what a hot standby has instead
	}
	return level
}

// characteristic gives the value of a setting of the transaction; found says whether name is one.
func (t *tcop) characteristic(name string) (value string, found bool) {
	switch strings.ToLower(name) {
	case isolationSetting:
		if t.xact.isolation != "" {
			return t.xact.isolation, true
		}
		return t.defaultIsolation(), true
	case readOnlySetting:
		return "on", true // in recovery
	case deferrableSetting:
		return onOff(t.xact.deferrable), true
	}
	return "", false
}

// setCharacteristic sets one (PostgreSQL: check_transaction_read_only and its like, variable.c). own says that it comes by
// SQL's syntax for it, and not by a SET of its name.
func (t *tcop) setCharacteristic(name, value string, own bool) error {
	x := &t.xact
	switch name = strings.ToLower(name); name {
	case isolationSetting:
		value = strings.ToLower(value)
		if !isIsolationLevel(value) {
			return invalidSetting(isolationSetting, value).
				WithHint("Available values: serializable, repeatable read, read committed, read uncommitted.")
		}
		switch {
		case value == t.xact.isolation:
		case x.looked:
			return protocol.Errorf(protocol.CodeActiveSQLTransaction,
				"SET TRANSACTION ISOLATION LEVEL must be called before any query")
		case len(x.savepoints) > 0:
			return protocol.Errorf(protocol.CodeActiveSQLTransaction,
				"SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
		case value == "serializable":
			return protocol.Errorf(protocol.CodeFeatureNotSupported, "cannot use serializable mode in a hot standby").
				WithHint("You can use REPEATABLE READ instead.")
		}
		t.xact.isolation = value
	case readOnlySetting:
		on, ok := parseBool(value, own)
		switch {
		case !ok:
			return notBoolean(name)
		case on:
		case len(x.savepoints) > 0:
			return protocol.Errorf(protocol.CodeActiveSQLTransaction,
				"cannot set transaction read-write mode inside a read-only transaction")
		case x.looked:
			return protocol.Errorf(protocol.CodeActiveSQLTransaction,
				"transaction read-write mode must be set before any query")
		default:
			return protocol.Errorf(protocol.CodeFeatureNotSupported, "cannot set transaction read-write mode during recovery")
		}
	case deferrableSetting:
		on, ok := parseBool(value, own)
		switch {
		case !ok:
			return notBoolean(name)
		case len(x.savepoints) > 0:
			return protocol.Errorf(protocol.CodeActiveSQLTransaction,
				"SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction")
		case x.looked:
			return protocol.Errorf(protocol.CodeActiveSQLTransaction,
				"SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
		}
		t.xact.deferrable = on
	}
	return nil
}

func isIsolationLevel(s string) bool {
	for _, l := range isolationLevels {
		if s == l {
			return true
		}
	}
	return false
}

// parseBool reads a switch. SQL's own syntax gives 0 or 1.
func parseBool(s string, own bool) (value, ok bool) {
	if own {
		return s != "0" && s != "false", true
	}
	return guc.ParseBool(s)
}

func notBoolean(name string) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidParameterValue, "parameter \"%s\" requires a Boolean value", name)
}

func invalidSetting(name, value string) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", name, value)
}
