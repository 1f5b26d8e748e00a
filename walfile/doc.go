// Package walfile reads and writes the files of PostgreSQL's write-ahead log: names, pages, records, timelines. It
// shares no memory with other processes, starts none, never logs, and never maps a file. It reads the log of versions
// 15 to 18, of little-endian servers with pages of 8 kB.
//
// What follows is the format. All numbers are little-endian and unsigned if nothing else is said; "padding" is
// written as zeros and not looked at.
//
// # Positions and files
//
// A position (LSN) is the number of a byte in the log. The log is cut into segments of 1 MB to 1 GB, a power of two,
// one file each:
//
//	TTTTTTTTHHHHHHHHLLLLLLLL     timeline, segment number / (4 GB / size), segment number % (4 GB / size)
//	….partial                    the same, perhaps not complete
//	TTTTTTTT.history             the history of a timeline
//	TTTTTTTTHHHHHHHHLLLLLLLL.OOOOOOOO.backup   of a base backup that began at that offset
//	xlogtemp.…                   not finished, to be removed
//
// each letter being one of 0-9A-F. A segment file has its full length from the beginning; what is not written yet is
// zeros, or old pages if it was recycled.
//
// # Pages
//
// A segment is a row of pages of 8192 bytes. Each begins with a header:
//
//	offset  bytes
//	0       2      xlp_magic: D110 in version 15, D113 in 16, D116 in 17, D118 in 18
//	2       2      xlp_info, flags:
//	               1 the page begins with the rest of a record
//	               2 the header is a long one
//	               4 no full-page images are needed from here on
//	               8 the record unfinished on the page before is void; an overwrite-contrecord record comes first
//	4       4      xlp_tli: the timeline of the page's first byte
//	8       8      xlp_pageaddr: the page's position
//	16      4      xlp_rem_len: with flag 1, the bytes left of the record, this page's share included
//	20      4      padding
//
// and on the first page of a segment, which has a long header, also
//
//	24      8      xlp_sysid: the system identifier
//	32      4      xlp_seg_size
//	36      4      xlp_xlog_blcksz: 8192
//
// # Records
//
// Records follow each other, each at the next multiple of 8. A record that does not fit goes on after the header of
// the next page, as often as it takes; its first four bytes are always on one page, its header need not be. A record:
//
//	offset  bytes
//	0       4      xl_tot_len: the length of it all, from here on
//	4       4      xl_xid: the transaction, or 0
//	8       8      xl_prev: the start of the record before
//	16      1      xl_info: the kind in the upper four bits, the resource manager's; 1: changes files outside of block references;
//	               2: has images to compare with
//	17      1      xl_rmid: the resource manager: 0 to 21, or 128 to 255 for an extension's
//	18      2      padding
//	20      4      xl_crc: CRC-32C of the bytes from 24 to the end, then of the bytes 0 to 19
//	24             headers of parts, without any alignment
//	               the parts: for each block its image, then its data; then the main data
//
// The header of a part begins with an id. A block reference, whose ids rise:
//
//	1       id: 0 to 32
//	1       the fork in the lower four bits: 0 main, 1 fsm, 2 vm, 3 init; 10h has an image, 20h has data, 40h replay begins the page
//	        anew, 80h of the same relation as the block before
//	2       length of the data: 0 if and only if the flag is not set
//	        with flag 10h:
//	2       length of the image, as stored
//	2       offset of the hole, a gap of zeros in the page that is not stored
//	1       1 has a hole, 2 replay restores it, 4 pglz, 8 lz4, 10h zstd
//	        with a hole and compression:
//	2       length of the hole; without compression it is 8192 less the image's length
//	        without flag 80h:
//	12      tablespace, database, relation file: three OIDs
//	4       block number
//
// The others, of which 255 or 254 comes last if there is main data:
//
//	253, 2 bytes    replication origin
//	252, 4 bytes    the top-level transaction of a subtransaction
//	255, 1 byte     length of the main data
//	254, 4 bytes    the same, from 256 on
//
// # Records with a meaning here
//
// Main data of resource manager 0 (XLOG), by kind; offsets in bytes:
//
//	00, 10  checkpoint of a shutdown, or online (88 bytes): 0 redo, 8 timeline, 12 parent timeline, 16 full_page_writes (1 byte),
//	        20 wal_level (4, from version 17 on, else padding), 24 next transaction (8), 32 next OID, 36 next multixact, 40 its
//	        next member, 44 oldest transaction, 48 its database, 52 oldest multixact, 56 its database, 64 time (8, seconds since 1970),
//	        72 oldest and 76 newest transaction with a commit time stamp, 80 oldest one running
//	40      segment switch: no data; the rest of the segment is zeros, without page headers, and the next record is in the next segment
//	60      parameter change: six signed numbers of 4 bytes, two of 1
//	70      restore point (72): 0 time stamp, 8 name, ended by a zero byte
//	90      end of recovery: 0 time stamp, 8 new timeline, 12 its parent, 16 wal_level (from version 17 on)
//	D0      overwrite contrecord: 0 start of the void record, 8 time stamp
//
// and of resource manager 1 (Transaction), where the kind is in three bits, 70h: 00 commit, 20 abort, 30 commit
// prepared, 40 abort prepared all begin with their time stamp, and, if the bit 80h is set, flags of 4 bytes. A time
// stamp has 8 bytes, signed: microseconds since 2000.
//
// # Timelines
//
// A history file is text. Each line names an ancestor, oldest first, and the position from which its log does not
// count; see ParseHistory. The segment of that position exists for both timelines, and the younger one's begins with
// the older one's bytes.
//
// # Writing
//
// SegmentWriter writes the log, Dir makes and recycles the files. A file has its final name only when it is whole and
// on disk. NewRecord makes records.
package walfile
