package protocol

// StandbyMessageType says what a CopyData from a standby holds: 'r' (DecodeStandbyStatusUpdate) or 'h'
// (DecodeHotStandbyFeedback). For anything else the error is one for the log only: PostgreSQL's walsender ends the
// connection without a word.
func StandbyMessageType(b []byte) (byte, error) {
	if len(b) == 0 {
		return 0, Errorf(CodeProtocolViolation, "no data left in message")
	}
	if b[0] != 'r' && b[0] != 'h' {
		return 0, commErrorf(nil, "unexpected message type %s", quoteByte(b[0]))
	}
	return b[0], nil
}

// quoteByte shows a message type in double quotes; the byte comes from the peer, so what is not printable is escaped.
func quoteByte(c byte) string {
	if c >= 0x20 && c < 0x7f {
		return `"` + string(rune(c)) + `"`
	}
	const digits = "0123456789abcdef"
	return `"\x` + string(digits[c>>4]) + string(digits[c&15]) + `"`
}
