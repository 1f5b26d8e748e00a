package postmaster

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/procsignal"
)

// The key of the server's certificate and the secret behind cancel keys are for nobody who does not need them.
func TestOnlyThoseWhoServeClientsGetTheSecrets(t *testing.T) {
	pm := &Postmaster{hba: "rules", ident: "maps", tls: []byte("key"), secret: []byte("secret"), encodedSettings: []byte("all")}
	spare := pm.params(procsignal.Spare, 3)
	require.Equal(t, "rules", spare.HBA)
	require.Equal(t, "maps", spare.Ident)
	require.Equal(t, []byte("key"), spare.TLS)
	require.Equal(t, []byte("secret"), spare.Secret)
	for _, k := range []procsignal.Kind{
		procsignal.Startup, procsignal.WalReceiver, procsignal.Checkpointer, procsignal.Metrics,
	} {
		p := pm.params(k, 3)
		require.Equal(t, k, p.Kind)
		require.Equal(t, 3, p.ChildSlot)
		require.Equal(t, []byte("all"), p.Settings)
		require.Empty(t, p.HBA, k)
		require.Empty(t, p.Ident, k)
		require.Empty(t, p.TLS, k)
		require.Empty(t, p.Secret, k)
	}
}
