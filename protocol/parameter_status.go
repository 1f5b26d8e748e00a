package protocol

// AppendParameterStatus appends the value of a run-time parameter that the client is told of.
func AppendParameterStatus(dst []byte, name, value string) []byte {
	dst, at := beginMessage(dst, MsgParameterStatus)
	dst = appendCString(dst, name)
	dst = appendCString(dst, value)
	return endMessage(dst, at)
}

// DecodeParameterStatus reads a ParameterStatus body.
func DecodeParameterStatus(b []byte) (name, value string, err error) {
	m := body{rest: b}
	name, value = m.cstring(), m.cstring()
	return name, value, m.end()
}
