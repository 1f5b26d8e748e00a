package launch

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestChildLearnsWhyItsClientLosesItsPlace(t *testing.T) {
	ours, childs, err := NewControl()
	require.NoError(t, err)
	defer childs.Close()
	control := int(childs.Fd())
	require.NoError(t, SendClient(ours, int(ours.Fd()), CACOK))
	client, _, err := receiveClient(control)
	require.NoError(t, err)
	require.NoError(t, unix.Close(client))
	require.False(t, replaced(control))
	require.NoError(t, TellReplaced(ours))
	require.True(t, replaced(control))
	require.True(t, replaced(control))
	require.NoError(t, ours.Close())
	require.True(t, replaced(control))
}

// Only the end of the child's own end of the control socket says that its client is in, not what the child may write.
func TestClientIsInWhenTheChildHasClosedItsControlSocket(t *testing.T) {
	var ours, childs []*os.File
	for range 3 {
		o, c, err := NewControl()
		require.NoError(t, err)
		defer o.Close()
		defer c.Close()
		ours, childs = append(ours, o), append(childs, c)
	}
	letIn := func() []bool {
		in, err := LetInYet(ours)
		require.NoError(t, err)
		return in
	}
	require.Equal(t, []bool{false, false, false}, letIn())
	_, err := unix.Write(int(childs[0].Fd()), []byte("x"))
	require.NoError(t, err)
	require.NoError(t, childs[1].Close())
	require.Equal(t, []bool{false, true, false}, letIn())
	ours = nil
	require.Empty(t, letIn())
}
