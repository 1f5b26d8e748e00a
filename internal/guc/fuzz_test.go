package guc

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzValue: no text crashes or stalls any setting, a refusal has its SQLSTATE, and what is shown of an accepted value is
// accepted again and shown the same.
func FuzzValue(f *testing.F) {
	for id := range numParams {
		f.Add(uint16(id), params[id].Boot)
	}
	for _, text := range []string{"", "-1", "0x7fffffff", "1e308", "0.1 kB", "1TB", "<+03>-3", "EST5EDT,M3.2.0,M11.1.0",
		"a, \"b\"\"c\"",
		"ANY 2 (a, *)", "0/16B3748", "europe/berlin", "interval '-08:00'", "german, euro", "latin1", "[::1]:9187", "\xff\x00"} {
		for _, id := range []ID{TimeZone, DateStyle, SearchPath, SynchronousStandbyNames, RecoveryTargetLsn, WorkMem,
			ClientEncoding, MetricsListenAddress, ApplicationName, RandomPageCost} {
			f.Add(uint16(id), text)
		}
	}
	f.Fuzz(func(t *testing.T, n uint16, text string) {
		p := &params[ID(n)%numParams]
		v, err := p.accept(text)
		if err != nil {
			require.Len(t, err.SQLSTATE, 5)
			require.NotEmpty(t, err.Message)
			if p.Flags.Has(flagSecret) && len(text) > 3 {
				require.NotContains(t, err.Message, text)
			}
			return
		}
		shown := p.show(v)
		again, err := p.accept(shown)
		require.Nil(t, err, "%s: %q is shown as %q", p.Name, text, shown)
		switch {
		case p.Type == Real: // six digits are shown
		case p.check == checkPrintable: // a backslash is shown as it is
		default:
			require.True(t, v.same(again), "%s: %q is shown as %q", p.Name, text, shown)
		}
	})
}

// FuzzZone: what a zone is taken for can tell the time.
func FuzzZone(f *testing.F) {
	for _, s := range []string{"utc", "Europe/Berlin", "7", "-3.5", "CET-1CEST,M3.5.0,M10.5.0/3",
		"<x>+3:30<y>,J60,J300", "EST5EDT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, loc, ok := zone(ZoneDir, s)
		if !ok {
			return
		}
		require.NotEmpty(t, name)
		for _, year := range []int{1850, 1970, 2026, 2300} {
			_, offset := time.Date(year, 7, 1, 0, 0, 0, 0, loc).Zone()
			require.Less(t, offset, 8*86400)
			require.Greater(t, offset, -8*86400)
		}
	})
}

// FuzzSession runs SET, RESET and transactions at random and holds the stack to what it promises: with nothing open and
// everything reset, all is as it was at first.
func FuzzSession(f *testing.F) {
	f.Add([]byte("bslcbslrpslqrx"))
	f.Add([]byte("bspsptsrRlplcx"))
	f.Fuzz(func(t *testing.T, script []byte) {
		s := New()
		s.BeginSession(17)
		before := s.Clone()
		names := [...]string{"work_mem", "application_name", "my.own", "datestyle"}
		texts := [...][2]string{{"1MB", "2MB"}, {"a", "b"}, {"x", "y"}, {"german", "sql"}}
		depth := 0
		for i, c := range script {
			k := i % len(names)
			switch c | 0x20 {
			case 's', 'l':
				require.NoError(t, s.SetTo(names[k], texts[k][c>>5&1], c|0x20 == 'l', nil))
			case 't':
				require.NoError(t, s.Reset(names[k], false, nil))
			case 'b', 'p':
				if depth < 20 {
					depth = s.Begin()
				}
			case 'c', 'r', 'q':
				if depth > 0 {
					s.End(c|0x20 == 'c', depth)
					depth--
				}
			case 'x':
				s.ResetAll()
			}
			s.TakeReports()
		}
		if depth > 0 {
			s.End(len(script)%2 == 0, 1)
		}
		require.Empty(t, s.stack)
		s.Begin()
		s.ResetAll()
		s.End(true, 1)
		for id := range numParams {
			require.Equal(t, before.values[id], s.values[id], params[id].Name)
		}
		for _, o := range s.others {
			require.Empty(t, o.str, o.name)
		}
		require.Empty(t, s.resets)
		require.Zero(t, s.Depth())
	})
}

// TestSetLocalOutsideATransactionHoldsForOneStatement: the session makes each statement a transaction of its own.
func TestSetLocalOutsideATransactionHoldsForOneStatement(t *testing.T) {
	s := New()
	s.Begin()
	require.NoError(t, s.SetTo("work_mem", "1MB", true, nil))
	require.Equal(t, int64(1<<20), s.Bytes(WorkMem))
	s.End(true, 1)
	require.Equal(t, int64(4<<20), s.Bytes(WorkMem))
	require.False(t, strings.Contains(s.Text(WorkMem), " "))
}
