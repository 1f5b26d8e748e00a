package walfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/xlog"
)

func TestSegmentNames(t *testing.T) {
	for _, c := range []struct {
		tli  xlog.TimeLineID
		at   xlog.LSN
		size xlog.SegSize
		name string
	}{
		{1, 0x1000000, 16 << 20, "000000010000000000000001"},
		{0x1A, 0x16_B374D848, 16 << 20, "0000001A00000016000000B3"},
		{1, 0xFFFFFFFF, 1 << 20, "000000010000000000000FFF"},
		{1, 0x1_00000000, 1 << 20, "000000010000000100000000"},
		{1, 0x1_C0000000, 1 << 30, "000000010000000100000003"},
		{0xFFFFFFFF, 0xFFFFFFFF_FFFFFFFF, 1 << 30, "FFFFFFFFFFFFFFFF00000003"},
	} {
		require.Equal(t, c.name, walfile.SegmentNameAt(c.tli, c.at, c.size))
		tli, n, err := walfile.ParseSegmentName(c.name, c.size)
		require.NoError(t, err)
		require.Equal(t, c.tli, tli)
		require.Equal(t, c.size.SegNo(c.at), n)
		require.True(t, walfile.IsSegmentName(c.name))

		partial := walfile.PartialName(tli, n, c.size)
		require.Equal(t, c.name+".partial", partial)
		require.True(t, walfile.IsPartialName(partial))
		require.False(t, walfile.IsSegmentName(partial))
		tli, n, err = walfile.ParsePartialName(partial, c.size)
		require.NoError(t, err)
		require.Equal(t, []any{c.tli, c.size.SegNo(c.at)}, []any{tli, n})
	}
	for _, bad := range []string{"", "00000001000000000000000", "0000000100000000000000011", "00000001000000000000000g", "00000001000000000000000a", "000000010000000000000100"} {
		_, _, err := walfile.ParseSegmentName(bad, 16<<20)
		require.Error(t, err, bad)
		_, _, err = walfile.ParsePartialName(bad+".partial", 16<<20)
		require.Error(t, err, bad)
		_, _, err = walfile.ParsePartialName(bad, 16<<20)
		require.Error(t, err, bad)
	}
}

func TestOtherNames(t *testing.T) {
	require.Equal(t, "0000001A.history", walfile.HistoryName(0x1A))
	tli, err := walfile.ParseHistoryName("0000001A.history")
	require.NoError(t, err)
	require.EqualValues(t, 0x1A, tli)
	for _, bad := range []string{"", "1A.history", "0000001a.history", "0000001A.history2", "0000001A-history"} {
		_, err := walfile.ParseHistoryName(bad)
		require.Error(t, err, bad)
	}
	require.True(t, walfile.IsBackupHistoryName("000000010000000000000002.00000028.backup"))
	require.False(t, walfile.IsBackupHistoryName("000000010000000000000002"))
	require.False(t, walfile.IsBackupHistoryName("00000001.backup"))
	require.True(t, walfile.IsTempName("xlogtemp.123"))
	require.False(t, walfile.IsTempName("000000010000000000000002"))
}

func TestVersionsAndTheirMagic(t *testing.T) {
	for v, magic := range map[walfile.Version]uint16{walfile.V15: 0xD110, walfile.V16: 0xD113, walfile.V17: 0xD116, walfile.V18: 0xD118} {
		require.Equal(t, magic, v.Magic())
		got, ok := walfile.VersionOfMagic(magic)
		require.True(t, ok)
		require.Equal(t, v, got)
		got, err := walfile.VersionOfServer(int(v)*10000 + 4)
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
	for _, num := range []int{0, 90624, 140018, 190000} {
		_, err := walfile.VersionOfServer(num)
		require.Error(t, err)
	}
	_, ok := walfile.VersionOfMagic(0xD10D)
	require.False(t, ok)
	require.Zero(t, walfile.Version(14).Magic())
}
