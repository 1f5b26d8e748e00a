package protocol

// AppendEmptyQueryResponse appends the answer to a query with no command in it.
func AppendEmptyQueryResponse(dst []byte) []byte { return appendFrame(dst, MsgEmptyQueryResponse, 0) }
