package backend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
)

// Parse takes EXECUTE of a name that comes to be known later, even the statement's own.
func TestStatementsThatExecuteEachOtherAreClassedForTheLog(t *testing.T) {
	c := regular(t)
	for _, loop := range [][]string{{"a", "a"}, {"b", "c", "b"}} {
		for i, name := range loop[1:] {
			c.Send(protocol.MsgParse, []byte(loop[i]+"\x00EXECUTE "+name+"\x00\x00\x00"))
			c.Send(protocol.MsgSync, nil)
			require.Equal(t, "1Z", c.Until('Z'))
		}
	}
	for _, asked := range []string{"ddl", "mod", "all"} {
		values(t, c, "SET log_statement = '"+asked+"'")
		for _, name := range []string{"a", "b"} {
			c.Query("EXECUTE " + name)
			require.Equal(t, "EZ", c.Until('Z'))
			c.Send(protocol.MsgBind, []byte("\x00"+name+"\x00\x00\x00\x00\x00\x00\x00"))
			c.Send(protocol.MsgExecute, []byte("\x00\x00\x00\x00\x00"))
			c.Send(protocol.MsgSync, nil)
			require.Contains(t, c.Until('Z'), "E")
		}
		stillServes(t, c)
	}
}
