package protocol

// AppendCopyBothResponse appends the start of copy-both mode. There are no columns and the format is text, as
// PostgreSQL's walsender has it.
func AppendCopyBothResponse(dst []byte) []byte {
	return append(appendFrame(dst, MsgCopyBothResponse, 3), 0, 0, 0)
}

// AppendCopyDone appends the end of the copy in one direction; both sides send it.
func AppendCopyDone(dst []byte) []byte { return appendFrame(dst, MsgCopyDone, 0) }

// AppendCopyData appends b as a CopyData. The messages of the hot path have their own functions, which need no body
// built first.
func AppendCopyData(dst, b []byte) []byte {
	return append(appendFrame(dst, MsgCopyData, len(b)), b...)
}
