package walfile

import (
	"encoding/binary"
)

// maxBlockID is XLR_MAX_BLOCK_ID, the highest id of a block reference.
const maxBlockID = 32

// Ids that begin a header of a record's other parts.
const (
	idToplevelXid = 252
	idOrigin      = 253
	idDataLong    = 254
	idDataShort   = 255
)

// BlockSize is the size in bytes of a relation's page (BLCKSZ); servers built with another are not supported.
const BlockSize = 8192

// ForkNumber is one of the files that make up a relation.
type ForkNumber uint8

// The forks of a relation.
const (
	MainFork ForkNumber = 0
	FSMFork  ForkNumber = 1
	VMFork   ForkNumber = 2
	InitFork ForkNumber = 3
)

// String gives the name that pg_waldump prints.
func (f ForkNumber) String() string {
	switch f {
	case MainFork:
		return "main"
	case FSMFork:
		return "fsm"
	case VMFork:
		return "vm"
	case InitFork:
		return "init"
	}
	return "invalid"
}

// BlockFlags are the upper four bits of fork_flags.
type BlockFlags uint8

// The flags of a block reference.
const (
	BlockHasImage BlockFlags = 0x10 // BKPBLOCK_HAS_IMAGE
	BlockHasData  BlockFlags = 0x20 // BKPBLOCK_HAS_DATA
	BlockWillInit BlockFlags = 0x40 // BKPBLOCK_WILL_INIT: replay begins the page anew
	BlockSameRel  BlockFlags = 0x80 // BKPBLOCK_SAME_REL: stored without the relation, which is that of the block before

	forkMask = 0x0F
)

// ImageInfo is bimg_info, the flags of a page image.
type ImageInfo uint8

// The flags of a page image.
const (
	ImageHasHole ImageInfo = 0x01 // BKPIMAGE_HAS_HOLE
	ImageApply   ImageInfo = 0x02 // BKPIMAGE_APPLY: replay restores the page from it
	ImagePGLZ    ImageInfo = 0x04 // BKPIMAGE_COMPRESS_PGLZ
	ImageLZ4     ImageInfo = 0x08 // BKPIMAGE_COMPRESS_LZ4
	ImageZstd    ImageInfo = 0x10 // BKPIMAGE_COMPRESS_ZSTD

	imageCompressed = ImagePGLZ | ImageLZ4 | ImageZstd
)

// Compressed says whether the image is stored compressed.
func (i ImageInfo) Compressed() bool { return i&imageCompressed != 0 }

// Compression names the method, as pg_waldump does; "" if the image is not compressed.
func (i ImageInfo) Compression() string {
	switch {
	case i&ImagePGLZ != 0:
		return "pglz"
	case i&ImageLZ4 != 0:
		return "lz4"
	case i&ImageZstd != 0:
		return "zstd"
	}
	return ""
}

// RelFileLocator names a relation's files (RelFileNode until version 15).
type RelFileLocator struct {
	Tablespace uint32 // OID
	Database   uint32 // OID, 0 for a shared relation
	RelNumber  uint32
}

// BlockRef is a record's reference to a block, and says where in the record the block's data and image are; see
// Record.Data and Record.Image.
type BlockRef struct {
	ID       uint8
	Fork     ForkNumber
	Flags    BlockFlags
	Rel      RelFileLocator
	Block    uint32
	DataLen  uint16 // bytes
	ImageLen uint16 // bytes, as stored

	// Of an image: the gap of zeros in the page that is not stored, and the flags.
	HoleOffset uint16
	HoleLen    uint16
	Image      ImageInfo

	dataAt, imageAt uint32
}

// HasImage says whether the record has an image of the block.
func (b *BlockRef) HasImage() bool { return b.Flags&BlockHasImage != 0 }

// HasData says whether the record has data for the block.
func (b *BlockRef) HasData() bool { return b.Flags&BlockHasData != 0 }

// decodeFault says what is wrong with a record's inner headers.
type decodeFault int

const (
	decodeOK decodeFault = iota
	decodeShort
	decodeBlockOrder
	decodeDataFlag
	decodeHole
	decodeNoHole
	decodeCompressed
	decodeImageLen
	decodeNoRel
	decodeBadID
)

func (f decodeFault) String() string {
	switch f {
	case decodeOK:
		return "nothing is wrong"
	case decodeShort:
		return "its parts do not add up to its length"
	case decodeBlockOrder:
		return "its block references are out of order"
	case decodeDataFlag:
		return "a block's data length and its data flag contradict each other"
	case decodeHole:
		return "an image is marked as having a hole but has none"
	case decodeNoHole:
		return "an image has a hole but is not marked so"
	case decodeCompressed:
		return "an image is marked as compressed but has a page's full length"
	case decodeImageLen:
		return "an image and its hole do not make up a page"
	case decodeNoRel:
		return "its first block refers to the relation of a block before"
	case decodeBadID:
		return "it has a block reference of an id that does not exist"
	}
	return "it is malformed"
}

// decode fills in the Record from a whole record, header included, whose length and CRC have been checked. It
// allocates nothing and keeps data.
func (r *Record) decode(data []byte) decodeFault {
	r.data = data
	r.mainLen, r.toplevelXid, r.origin, r.imageBytes = 0, 0, 0, 0
	r.nblocks = 0
	p := data[RecordHeaderSize:]
	payload := uint64(0) // bytes announced by the headers so far
	lastID := -1
	for uint64(len(p)) > payload {
		id := p[0]
		switch {
		case id == idDataShort:
			if len(p) < 2 {
				return decodeShort
			}
			r.mainLen = uint32(p[1])
			p = p[2:]
		case id == idDataLong:
			if len(p) < 5 {
				return decodeShort
			}
			r.mainLen = binary.LittleEndian.Uint32(p[1:])
			p = p[5:]
		case id == idOrigin:
			if len(p) < 3 {
				return decodeShort
			}
			r.origin = binary.LittleEndian.Uint16(p[1:])
			p = p[3:]
			continue
		case id == idToplevelXid:
			if len(p) < 5 {
				return decodeShort
			}
			r.toplevelXid = binary.LittleEndian.Uint32(p[1:])
			p = p[5:]
			continue
		case id <= maxBlockID:
			if int(id) <= lastID {
				return decodeBlockOrder
			}
			lastID = int(id)
			n, f := r.decodeBlock(p)
			if f != decodeOK {
				return f
			}
			b := &r.blocks[r.nblocks]
			payload += uint64(b.DataLen) + uint64(b.ImageLen)
			r.imageBytes += uint32(b.ImageLen)
			r.nblocks++
			p = p[n:]
			continue
		default:
			return decodeBadID
		}
		payload += uint64(r.mainLen)
		break // the main data's header is always the last
	}
	if uint64(len(p)) != payload {
		return decodeShort
	}
	r.locate(uint32(len(data) - len(p)))
	return decodeOK
}

// locate notes where the payloads are: for each block its image, then its data; after them all the main data.
func (r *Record) locate(at uint32) {
	for i := range r.blocks[:r.nblocks] {
		b := &r.blocks[i]
		b.imageAt = at
		b.dataAt = at + uint32(b.ImageLen)
		at = b.dataAt + uint32(b.DataLen)
	}
}

// decodeBlock reads the header of the next block reference and gives its length.
func (r *Record) decodeBlock(p []byte) (int, decodeFault) {
	if len(p) < 4 {
		return 0, decodeShort
	}
	b := &r.blocks[r.nblocks]
	b.ID = p[0]
	b.Fork = ForkNumber(p[1] & forkMask)
	b.Flags = BlockFlags(p[1] &^ forkMask)
	b.DataLen = binary.LittleEndian.Uint16(p[2:])
	if (b.Flags&BlockHasData != 0) != (b.DataLen != 0) {
		return 0, decodeDataFlag
	}
	n := 4
	b.ImageLen = 0
	if b.Flags&BlockHasImage != 0 {
		in, f := b.decodeImage(p[n:])
		if f != decodeOK {
			return 0, f
		}
		n += in
	} else {
		b.HoleOffset, b.HoleLen, b.Image = 0, 0, 0
	}
	if b.Flags&BlockSameRel == 0 {
		if len(p) < n+16 {
			return 0, decodeShort
		}
		q := p[n : n+16]
		b.Rel.Tablespace = binary.LittleEndian.Uint32(q)
		b.Rel.Database = binary.LittleEndian.Uint32(q[4:])
		b.Rel.RelNumber = binary.LittleEndian.Uint32(q[8:])
		b.Block = binary.LittleEndian.Uint32(q[12:])
		return n + 16, decodeOK
	}
	if r.nblocks == 0 {
		return 0, decodeNoRel
	}
	if len(p) < n+4 {
		return 0, decodeShort
	}
	b.Rel = r.blocks[r.nblocks-1].Rel
	b.Block = binary.LittleEndian.Uint32(p[n:])
	return n + 4, decodeOK
}

// decodeImage reads the header of an image and gives its length.
func (b *BlockRef) decodeImage(p []byte) (int, decodeFault) {
	if len(p) < 5 {
		return 0, decodeShort
	}
	b.ImageLen = binary.LittleEndian.Uint16(p)
	b.HoleOffset = binary.LittleEndian.Uint16(p[2:])
	b.Image = ImageInfo(p[4])
	n := 5
	switch {
	case !b.Image.Compressed():
		b.HoleLen = BlockSize - b.ImageLen
	case b.Image&ImageHasHole == 0:
		b.HoleLen = 0
	default:
		if len(p) < 7 {
			return 0, decodeShort
		}
		b.HoleLen = binary.LittleEndian.Uint16(p[5:])
		n = 7
	}
	return n, b.checkImage()
}

// checkImage holds an image's length, hole and flags against each other.
func (b *BlockRef) checkImage() decodeFault {
	hole := b.Image&ImageHasHole != 0
	switch {
	case b.ImageLen > BlockSize || int(b.HoleOffset)+int(b.HoleLen) > BlockSize:
		return decodeImageLen
	case hole && (b.HoleOffset == 0 || b.HoleLen == 0 || b.ImageLen == BlockSize):
		return decodeHole
	case !hole && (b.HoleOffset != 0 || b.HoleLen != 0) && b.Image.Compressed():
		return decodeNoHole
	case !hole && !b.Image.Compressed() && b.ImageLen != BlockSize:
		return decodeImageLen
	case !hole && b.HoleOffset != 0:
		return decodeNoHole
	case b.Image.Compressed() && b.ImageLen == BlockSize:
		return decodeCompressed
	}
	return decodeOK
}
