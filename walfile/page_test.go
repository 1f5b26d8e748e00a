package walfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/xlog"
)

func TestPageHeadersAreReadAsWritten(t *testing.T) {
	for _, want := range []walfile.PageHeader{
		{Magic: 0xD110, Info: walfile.FirstIsContRecord, TLI: 2, Addr: 0x1_00002000, RemLen: 77},
		{Magic: 0xD118, Info: walfile.LongHeader | walfile.FirstIsOverwriteContRecord, TLI: 3, Addr: 0x1_00000000, SystemID: 1 << 63, SegSize: 16 << 20, BlockSize: 8192},
	} {
		b := want.Append(nil)
		require.Len(t, b, want.Size())
		var got walfile.PageHeader
		require.True(t, got.Decode(b))
		require.Equal(t, want, got)
		for n := range b {
			require.False(t, got.Decode(b[:n]), n)
		}
	}
}

func TestPageHeadersAreJudged(t *testing.T) {
	const seg = xlog.MinSegSize
	short := walfile.PageHeader{Magic: walfile.V17.Magic(), TLI: 1, Addr: xlog.LSN(seg) + 8192}
	long := walfile.PageHeader{Magic: walfile.V17.Magic(), Info: walfile.LongHeader, TLI: 1, Addr: xlog.LSN(seg), SystemID: 5, SegSize: uint32(seg), BlockSize: 8192}
	strict := walfile.PageCheck{Version: walfile.V17, SystemID: 5, SegSize: seg}
	lax := walfile.PageCheck{SegSize: seg}
	for _, c := range []struct {
		from   walfile.PageHeader
		change func(*walfile.PageHeader)
		strict walfile.PageFault
		lax    walfile.PageFault
	}{
		{short, func(h *walfile.PageHeader) {}, walfile.PageOK, walfile.PageOK},
		{long, func(h *walfile.PageHeader) {}, walfile.PageOK, walfile.PageOK},
		{short, func(h *walfile.PageHeader) { *h = walfile.PageHeader{} }, walfile.PageZero, walfile.PageZero},
		{short, func(h *walfile.PageHeader) { h.Magic = walfile.V18.Magic() }, walfile.PageBadMagic, walfile.PageOK},
		{short, func(h *walfile.PageHeader) { h.Magic = 0xD10D }, walfile.PageBadMagic, walfile.PageBadMagic},
		{short, func(h *walfile.PageHeader) { h.Info |= 0x10 }, walfile.PageBadInfo, walfile.PageBadInfo},
		{long, func(h *walfile.PageHeader) { h.Info = 0 }, walfile.PageBadInfo, walfile.PageBadInfo},
		{long, func(h *walfile.PageHeader) { h.SystemID = 6 }, walfile.PageOtherSystem, walfile.PageOK},
		{long, func(h *walfile.PageHeader) { h.SegSize *= 2 }, walfile.PageOtherSegSize, walfile.PageOtherSegSize},
		{long, func(h *walfile.PageHeader) { h.BlockSize = 4096 }, walfile.PageOtherBlockSize, walfile.PageOtherBlockSize},
		{short, func(h *walfile.PageHeader) { h.Addr -= xlog.LSN(seg) }, walfile.PageOtherAddr, walfile.PageOtherAddr},
	} {
		h := c.from
		c.change(&h)
		require.Equal(t, c.strict, strict.Check(&h, c.from.Addr))
		require.Equal(t, c.lax, lax.Check(&h, c.from.Addr))
	}
}
