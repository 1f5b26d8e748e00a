package launch

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/procsignal"
)

func TestParamsRoundTrip(t *testing.T) {
	p := &Params{Kind: procsignal.WalReceiver, ChildSlot: 17, DataDir: "/data/dir with space", PostmasterStart: -5,
		ConfigLoaded: 1 << 60, SyncFailed: true, Settings: []byte{0, 1, 255}, HBA: "local all all trust\n",
		PMState: "PM_RUN", Ident: "m a b\n", TLS: []byte("pem"), Secret: []byte{1, 2}}
	back, err := decode(p.encode())
	require.NoError(t, err)
	require.Equal(t, p, back)
}

func TestDamagedParamsAreRefused(t *testing.T) {
	whole := (&Params{Kind: procsignal.Spare, DataDir: "/d", Settings: []byte("s")}).encode()
	for n := range whole {
		_, err := decode(whole[:n])
		require.Error(t, err, "cut to %d bytes", n)
	}
	_, err := decode(append(append([]byte(nil), whole...), 0))
	require.Error(t, err, "a byte too many")
	other := append([]byte(nil), whole...)
	other[0]++
	_, err = decode(other)
	require.ErrorContains(t, err, "version")
	long := append([]byte(nil), whole...)
	long[6*8+7] = 0x7f // the length of DataDir
	_, err = decode(long)
	require.Error(t, err)
}

func TestEveryChildKindHasAnExecutable(t *testing.T) {
	for k := procsignal.Startup; k <= procsignal.DeadEnd; k++ {
		require.NotEmpty(t, Executable(k))
	}
	require.Panics(t, func() { Executable(procsignal.None) })
}

func TestMissingExecutableIsNamed(t *testing.T) {
	l := Launcher{BinDir: t.TempDir()}
	require.ErrorContains(t, l.Check(), "startup")
}

func TestClientIsPassedWithItsState(t *testing.T) {
	ours, childs, err := NewControl()
	require.NoError(t, err)
	client, peer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, SendClient(ours, int(peer.Fd()), CACTooMany))
	peer.Close()

	fd, cac, err := receiveClient(int(childs.Fd()))
	require.NoError(t, err)
	require.Equal(t, CACTooMany, cac)
	_, err = unix.Write(fd, []byte("hello"))
	require.NoError(t, err)
	require.NoError(t, unix.Close(fd))
	text, err := io.ReadAll(client)
	require.NoError(t, err)
	require.Equal(t, "hello", string(text))

	ours.Close()
	_, _, err = receiveClient(int(childs.Fd()))
	require.ErrorIs(t, err, io.EOF, "the postmaster has closed its end: there will be no client")
}
