package transport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/transport"
)

type noTransport struct{ transport.Transport }

func TestRegistryOpensWhatWasRegistered(t *testing.T) {
	var r transport.Registry
	one, two := &noTransport{}, &noTransport{}
	require.NoError(t, r.Register("two", two))
	require.NoError(t, r.Register("one", one))
	got, err := r.Open("one")
	require.NoError(t, err)
	require.Same(t, one, got)
	require.Equal(t, []string{"one", "two"}, r.Names())
}

func TestRegistryRefusesDuplicatesAndUnknownNames(t *testing.T) {
	var r transport.Registry
	_, err := r.Open("pgwire")
	require.EqualError(t, err, `unknown transport "pgwire" (known: )`)
	require.NoError(t, r.Register("pgwire", &noTransport{}))
	require.Error(t, r.Register("pgwire", &noTransport{}))
	require.Error(t, r.Register("", &noTransport{}))
	require.Error(t, r.Register("nil", nil))
	_, err = r.Open("libpq")
	var unknown *transport.UnknownTransportError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, []string{"pgwire"}, unknown.Known)
	require.Equal(t, "58P01", unknown.SQLState())
}
