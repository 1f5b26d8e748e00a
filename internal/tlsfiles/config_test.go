package tlsfiles

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
)

func TestListsAreLookedIntoOnlyWhenACertificateIsShown(t *testing.T) {
	root := tlstest.NewCA(t, "root")
	c, dir, _, _ := fixture(t)
	c.CAFile = tlstest.Write(t, dir, "ca.crt", root.CertPEM())
	f, _, err := c.Load()
	require.NoError(t, err)
	f.CRLs, f.CheckCRL = [][]byte{[]byte("no list")}, true
	config, err := f.Config()
	require.NoError(t, err)
	require.NoError(t, config.VerifyPeerCertificate(nil, nil))
	require.Error(t, config.VerifyPeerCertificate(root.Issue(t, "x").TLS().Certificate, nil))
}

// A session has its configuration to its end. Revocation lists can be long.
func TestConfigLetsTheFilesGo(t *testing.T) {
	root := tlstest.NewCA(t, "root")
	c, dir, _, _ := fixture(t)
	c.CAFile = tlstest.Write(t, dir, "ca.crt", root.CertPEM())
	c.CRLFile = tlstest.Write(t, dir, "crl", root.CRL(t, time.Now().Add(time.Hour)))
	loaded, _, err := c.Load()
	require.NoError(t, err)
	gone := make(chan struct{})
	encoded := loaded.Encode()
	runtime.AddCleanup(&encoded[0], func(struct{}) { close(gone) }, struct{}{})
	f, err := Decode(encoded)
	require.NoError(t, err)
	config, err := f.Config()
	require.NoError(t, err)
	f.Forget()
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	}, 10*time.Second, time.Millisecond)
	runtime.KeepAlive(config)
	runtime.KeepAlive(f)
}
