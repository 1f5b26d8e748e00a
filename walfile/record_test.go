package walfile_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
)

// everything is a record with every part that there is.
func everything() walfile.NewRecord {
	rel := walfile.RelFileLocator{Tablespace: 1663, Database: 5, RelNumber: 16384}
	hole := walfile.ImageHasHole | walfile.ImageApply
	return walfile.NewRecord{
		Rmgr: 10, Info: 0x10 | walfile.CheckConsistency, Xid: 777, Origin: 9, ToplevelXid: 776,
		Main: bytes.Repeat([]byte("main"), 100),
		Blocks: []walfile.NewBlock{
			{Rel: rel, Block: 1, Data: []byte("data of block 0")},
			{Rel: rel, Block: 2, Fork: walfile.VMFork, Image: bytes.Repeat([]byte{1}, 8000), HoleOffset: 100, ImageInfo: hole, HoleLen: 192},
			{Rel: walfile.RelFileLocator{Tablespace: 1664, RelNumber: 1262}, Block: 3, WillInit: true},
			{Rel: rel, Block: 4, Fork: walfile.InitFork, Data: []byte("data of block 3"), Image: bytes.Repeat([]byte{2}, 8192), ImageInfo: walfile.ImageApply},
			{Rel: rel, Block: 5, Image: []byte("pglz"), HoleOffset: 10, HoleLen: 20, ImageInfo: hole | walfile.ImagePGLZ},
			{Rel: rel, Block: 6, Image: []byte("lz4"), ImageInfo: walfile.ImageLZ4},
			{Rel: rel, Block: 7, Fork: walfile.FSMFork, Image: []byte("zstd"), HoleOffset: 10, HoleLen: 20, ImageInfo: hole | walfile.ImageZstd, Data: []byte("d")},
		},
	}
}

func TestARecordWithEveryPartIsReadTheSame(t *testing.T) {
	want := everything()
	rec := one(t, walfile.V16, want)
	require.Equal(t, want.Rmgr, rec.Rmgr())
	require.Equal(t, want.Info, rec.Info())
	require.EqualValues(t, 0x10, rec.Op())
	require.Equal(t, want.Xid, rec.Xid())
	require.Equal(t, want.Origin, rec.Origin())
	require.Equal(t, want.ToplevelXid, rec.ToplevelXid())
	require.Equal(t, want.Main, rec.Main())
	require.Equal(t, walfile.V16, rec.Version())
	require.Len(t, rec.Blocks(), len(want.Blocks))
	images := 0
	for i, b := range rec.Blocks() {
		w := want.Blocks[i]
		require.EqualValues(t, i, b.ID)
		require.Equal(t, w.Fork, b.Fork)
		require.Equal(t, w.Rel, b.Rel)
		require.Equal(t, w.Block, b.Block)
		require.Equal(t, w.WillInit, b.Flags&walfile.BlockWillInit != 0)
		require.Equal(t, string(w.Data), string(rec.Data(&b)))
		require.Equal(t, len(w.Data) > 0, b.HasData())
		require.Equal(t, string(w.Image), string(rec.Image(&b)))
		require.Equal(t, len(w.Image) > 0, b.HasImage())
		require.Equal(t, w.ImageInfo, b.Image)
		require.Equal(t, w.HoleLen, b.HoleLen, i)
		require.Equal(t, w.HoleOffset, b.HoleOffset)
		images += len(w.Image)
	}
	require.EqualValues(t, images, rec.ImageBytes())
	require.EqualValues(t, images, rec.TotalLen()-rec.Len())
	require.Len(t, rec.Raw(), int(rec.TotalLen()))
	require.Contains(t, rec.String(), "Heap record at 0/100028")
}

func TestMalformedRecordsWithAGoodCRCAreRefused(t *testing.T) {
	block := func(b ...byte) []byte { return b }
	rel := make([]byte, 16)
	for name, body := range map[string][]byte{
		"an id that does not exist":     block(33),
		"a block header cut off":        block(0, 0),
		"a relation cut off":            block(0, 0, 0, 0, 1, 2, 3),
		"no relation before":            block(0, 0x80, 0, 0, 1, 0, 0, 0),
		"ids out of order":              append(append(block(1, 0, 0, 0), rel...), append(block(1, 0, 0, 0), rel...)...),
		"data without its flag":         append(append(block(0, 0, 1, 0), rel...), 'd'),
		"the flag without data":         append(block(0, 0x20, 0, 0), rel...),
		"main data cut off":             block(255, 10, 'm'),
		"main data header cut off":      block(255),
		"long main data header cut off": block(254, 0, 0),
		"more than the main data":       block(255, 1, 'm', 'm'),
		"a huge main data length":       block(254, 0xff, 0xff, 0xff, 0xff, 'm'),
		"an origin cut off":             block(253, 0),
		"a top-level xid cut off":       block(252, 0),
		"an image header cut off":       block(0, 0x10, 0, 0, 1, 0),
		"a hole of no length":           append(append(block(0, 0x10, 0, 0, 0, 32, 0, 0, 1), rel...), make([]byte, 8192)...),
		"a hole's length cut off":       block(0, 0x10, 0, 0, 1, 0, 1, 0, 5),
		"a hole that is not marked":     append(append(block(0, 0x10, 0, 0, 1, 0, 1, 0, 4), rel...), 'i'),
		"an image too short":            append(append(block(0, 0x10, 0, 0, 1, 0, 0, 0, 0), rel...), 'i'),
		"an image longer than a page":   append(append(block(0, 0x10, 0, 0, 1, 32, 0, 0, 4), rel...), make([]byte, 8193)...),
		"a hole beyond the page":        append(append(block(0, 0x10, 0, 0, 1, 0, 255, 31, 5, 2, 0), rel...), 'i'),
		"a compressed image of a page":  append(append(block(0, 0x10, 0, 0, 0, 32, 0, 0, 4), rel...), make([]byte, 8192)...),
	} {
		rec := append(make([]byte, walfile.RecordHeaderSize), body...)
		binary.LittleEndian.PutUint32(rec, uint32(len(rec)))
		walfile.SetPrev(rec, 0x28)
		_, err := walfile.DecodeRecord(rec, 0x100, walfile.V15)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "CRC", name)
	}
}

func TestDecodeRecordChecksTheHeader(t *testing.T) {
	n := everything()
	good := n.Append(nil, 0x28)
	_, err := walfile.DecodeRecord(good, 0x100, walfile.V15)
	require.NoError(t, err)
	change := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 0x40
		return b
	}
	for name, rec := range map[string][]byte{
		"nothing":      nil,
		"half":         good[:len(good)/2],
		"too much":     append(bytes.Clone(good), 0),
		"bad length":   change(1),
		"bad xid":      change(4),
		"bad prev":     change(8),
		"bad rmgr":     change(17),
		"bad CRC":      change(20),
		"bad body":     change(100),
		"bad last":     change(len(good) - 1),
		"prev is last": n.Append(nil, 0x100),
	} {
		_, err := walfile.DecodeRecord(rec, 0x100, walfile.V15)
		require.Error(t, err, name)
	}
}

func TestResourceManagerNames(t *testing.T) {
	require.Equal(t, "XLOG", walfile.RmgrXLOG.String())
	require.Equal(t, "LogicalMessage", walfile.RmgrLogicalMessage.String())
	require.Equal(t, "Standby", walfile.RmgrStandby.String())
	require.Equal(t, "custom200", walfile.RmgrID(200).String())
	require.Equal(t, "unknown22", walfile.RmgrID(22).String())
	for id := range 256 {
		require.Equal(t, id < 22 || id >= 128, walfile.RmgrID(id).Valid(), id)
	}
}
