package hba

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slow is a name service that never answers.
type slow struct{ asked []time.Time }

func (s *slow) wait(ctx context.Context) error {
	until, ok := ctx.Deadline()
	if !ok {
		return nil
	}
	s.asked = append(s.asked, until)
	<-ctx.Done()
	return ctx.Err()
}

func (s *slow) LookupAddr(ctx context.Context, _ string) ([]string, error) { return nil, s.wait(ctx) }

func (s *slow) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return nil, s.wait(ctx)
}

func TestNameServicesHaveNoMoreTimeThanTheClient(t *testing.T) {
	r := parse(t, "host all all db.example.org trust")
	deadline := time.Now().Add(20 * time.Millisecond)
	service := new(slow)
	c := tcp("1.1.1.1", "a", "u")
	c.Resolver, c.Deadline = service, deadline
	require.Nil(t, r.Match(c))
	require.Equal(t, []time.Time{deadline}, service.asked)
}
