package types

// OID identifies a type, function, operator or role, as in PostgreSQL.
type OID uint32

// The types that the engine has values of, by PostgreSQL's OIDs
// (src/include/catalog/pg_type.dat).
const (
	Bool        OID = 16
	Bytea       OID = 17
	Char        OID = 18 // "char", one byte
	Name        OID = 19
	Int8        OID = 20
	Int2        OID = 21
	Int2Vector  OID = 22
	Int4        OID = 23
	RegProc     OID = 24
	Text        OID = 25
	Oid         OID = 26
	Xid         OID = 28
	OidVector   OID = 30
	Float4      OID = 700
	Float8      OID = 701
	Unknown     OID = 705
	Inet        OID = 869
	Cidr        OID = 650
	NodeTree    OID = 194 // pg_node_tree: there are no values, but columns
	AclItem     OID = 1033
	BPChar      OID = 1042
	VarChar     OID = 1043
	Date        OID = 1082
	Time        OID = 1083
	Timestamp   OID = 1114
	TimestampTz OID = 1184
	Interval    OID = 1186
	Numeric     OID = 1700
	RegClass    OID = 2205
	RegType     OID = 2206
	Record      OID = 2249
	Void        OID = 2278
	LSN         OID = 3220 // pg_lsn
	RegRole     OID = 4096
	RegNS       OID = 4089 // regnamespace
	Xid8        OID = 5069

	BoolArray        OID = 1000
	ByteaArray       OID = 1001
	CharArray        OID = 1002
	NameArray        OID = 1003
	Int2Array        OID = 1005
	Int4Array        OID = 1007
	TextArray        OID = 1009
	VarCharArray     OID = 1015
	Int8Array        OID = 1016
	Float8Array      OID = 1022
	OidArray         OID = 1028
	AclItemArray     OID = 1034
	TimestampTzArray OID = 1185
	NumericArray     OID = 1231
	LSNArray         OID = 3221
)

// The pseudo-types that stand in signatures only.
const (
	Any                   OID = 2276
	AnyArray              OID = 2277
	AnyElement            OID = 2283
	AnyNonArray           OID = 2776
	AnyEnum               OID = 3500
	AnyRange              OID = 3831
	AnyMultirange         OID = 4537
	AnyCompatible         OID = 5077
	AnyCompatibleArray    OID = 5078
	AnyCompatibleNonArray OID = 5079
	AnyCompatibleRange    OID = 5080
	AnyCompatibleMulti    OID = 4538
	Cstring               OID = 2275
	Internal              OID = 2281
	Trigger               OID = 2279
)
