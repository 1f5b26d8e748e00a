package xlog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLSNText(t *testing.T) {
	for l, s := range map[LSN]string{0: "0/0", 0x16_B374D848: "16/B374D848", 1 << 32: "1/0", ^LSN(0): "FFFFFFFF/FFFFFFFF"} {
		require.Equal(t, s, l.String())
		back, err := ParseLSN(s)
		require.NoError(t, err)
		require.Equal(t, l, back)
	}
	for _, bad := range []string{"", "/", "0", "0/", "/0", "g/0", "0/123456789", "-1/0", "0/+1", "0/0/0", " 0/0"} {
		_, err := ParseLSN(bad)
		require.Error(t, err, bad)
	}
}

func TestSegmentArithmetic(t *testing.T) {
	s := DefaultSegSize
	l := LSN(0x1_03000148)
	require.Equal(t, SegNo(0x103), s.SegNo(l))
	require.Equal(t, uint32(0x148), s.Offset(l))
	require.Equal(t, LSN(0x1_03000000), s.SegStart(l))
	require.Equal(t, s.SegStart(l), s.Start(s.SegNo(l)))
	require.Equal(t, LSN(0x1_03000000), l.PageStart())
	require.False(t, SegSize(3<<20).Valid())
	require.True(t, MaxSegSize.Valid())
}

func TestTimestampTz(t *testing.T) {
	at := time.Date(2026, 11, 20, 5, 30, 0, 123000, time.UTC)
	require.True(t, FromTime(at).Time().Equal(at))
	require.True(t, TimestampTz(0).Time().IsZero())
	require.Equal(t, TimestampTz(0), FromTime(time.Time{}))
	require.Equal(t, TimestampTz(1), FromTime(time.Date(2000, 1, 1, 0, 0, 0, 1000, time.UTC)))
}
