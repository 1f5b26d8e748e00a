package protocol

// TxStatus is the transaction status in a ReadyForQuery.
type TxStatus byte

// Transaction statuses.
const (
	TxIdle          TxStatus = 'I' // not in a transaction block
	TxInTransaction TxStatus = 'T'
	TxFailed        TxStatus = 'E' // in a failed block: commands are refused until it ends
)

// AppendReadyForQuery appends the message that asks for the next command.
func AppendReadyForQuery(dst []byte, status TxStatus) []byte {
	return append(appendFrame(dst, MsgReadyForQuery, 1), byte(status))
}
