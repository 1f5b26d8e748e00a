package protocol

// AppendQuery appends a simple query. sql ends at its first NUL.
func AppendQuery(dst []byte, sql string) []byte {
	dst, at := beginMessage(dst, MsgQuery)
	return endMessage(appendCString(dst, sql), at)
}

// DecodeQuery reads a Query body.
func DecodeQuery(b []byte) (sql string, err error) {
	m := body{rest: b}
	sql = m.cstring()
	return sql, m.end()
}

// AppendTerminate appends the frontend's goodbye.
func AppendTerminate(dst []byte) []byte { return appendFrame(dst, MsgTerminate, 0) }
