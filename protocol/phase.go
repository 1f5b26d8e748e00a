package protocol

// Phase says which messages a connection may carry now, and how long each may be. The limits are those of PostgreSQL
// and count the length word itself.
type Phase uint8

const (
	// PhaseCommand waits for a command: Query, Terminate and the extended protocol's messages; CopyData, CopyDone
	// and CopyFail are let through, because they may be left over from a copy that failed, and are to be ignored.
	PhaseCommand Phase = iota

	// PhaseCopyBoth is streaming: only CopyData, CopyDone and Terminate.
	PhaseCopyBoth

	// PhasePassword waits for a password.
	PhasePassword

	// PhaseSASL waits for a SASL answer.
	PhaseSASL
)

// Limits of a message's length word, bytes.
const (
	smallMessageLimit    = 10000         // PQ_SMALL_MESSAGE_LIMIT
	largeMessageLimit    = maxMessageLen // PQ_LARGE_MESSAGE_LIMIT
	passwordMessageLimit = 65535         // PG_MAX_AUTH_TOKEN_LENGTH
	saslMessageLimit     = 1024          // PG_MAX_SASL_MESSAGE_LENGTH
)

// limit is the most that the length word of a message of this type may say, or why there may be no such message.
func (p Phase) limit(typ byte) (int, *Error) {
	switch p {
	case PhaseCopyBoth:
		return copyBothLimit(typ)
	case PhasePassword:
		if typ != MsgPassword {
			return 0, Fatalf(CodeProtocolViolation, "expected password response, got message type %d", typ)
		}
		return passwordMessageLimit, nil
	case PhaseSASL:
		if typ != MsgPassword {
			return 0, Fatalf(CodeProtocolViolation, "expected SASL response, got message type %d", typ)
		}
		return saslMessageLimit, nil
	default:
		return commandLimit(typ)
	}
}

func commandLimit(typ byte) (int, *Error) {
	switch typ {
	case MsgQuery, MsgFunctionCall, MsgBind, MsgParse, MsgCopyData:
		return largeMessageLimit, nil
	case MsgTerminate, MsgClose, MsgDescribe, MsgExecute, MsgFlush, MsgSync, MsgCopyDone, MsgCopyFail:
		return smallMessageLimit, nil
	default:
		return 0, Fatalf(CodeProtocolViolation, "invalid frontend message type %d", typ)
	}
}

func copyBothLimit(typ byte) (int, *Error) {
	switch typ {
	case MsgCopyData:
		return largeMessageLimit, nil
	case MsgCopyDone, MsgTerminate:
		return smallMessageLimit, nil
	default:
		return 0, Fatalf(CodeProtocolViolation, "invalid standby message type %s", quoteByte(typ))
	}
}
