package protocol

// AppendCommandComplete appends the end of a command with its tag, for example "IDENTIFY_SYSTEM".
func AppendCommandComplete(dst []byte, tag string) []byte {
	dst, at := beginMessage(dst, MsgCommandComplete)
	return endMessage(appendCString(dst, tag), at)
}

// DecodeCommandComplete reads a CommandComplete body.
func DecodeCommandComplete(b []byte) (tag string, err error) {
	m := body{rest: b}
	tag = m.cstring()
	return tag, m.end()
}
