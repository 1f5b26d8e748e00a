package types

// DisplayName is a type's name as messages and format_type() write it, for
// the types that the SQL standard names otherwise than pg_type; "" for others.
func DisplayName(t OID) string {
	switch t {
	case Bool:
		return "boolean"
	case Char:
		return `"char"`
	case Int2:
		return "smallint"
	case Int4:
		return "integer"
	case Int8:
		return "bigint"
	case Float4:
		return "real"
	case Float8:
		return "double precision"
	case BPChar:
		return "character"
	case VarChar:
		return "character varying"
	case Time:
		return "time without time zone"
	case 1266:
		return "time with time zone"
	case Timestamp:
		return "timestamp without time zone"
	case TimestampTz:
		return "timestamp with time zone"
	case 1560:
		return "bit"
	case 1562:
		return "bit varying"
	case Any:
		return `"any"`
	case Numeric: // these are key words, but not quoted
		return "numeric"
	case 114:
		return "json"
	case Interval:
		return "interval"
	}
	return ""
}

// name is what messages of this package call a type.
func name(t OID) string {
	if s := DisplayName(t); s != "" {
		return s
	}
	switch t {
	case Bytea:
		return "bytea"
	case Name:
		return "name"
	case Text:
		return "text"
	case Oid:
		return "oid"
	case Xid:
		return "xid"
	case Xid8:
		return "xid8"
	case Inet:
		return "inet"
	case Cidr:
		return "cidr"
	case Date:
		return "date"
	case LSN:
		return "pg_lsn"
	case Int2Vector:
		return "int2vector"
	case OidVector:
		return "oidvector"
	}
	return "unknown"
}

// ElemOf is the type of the elements of an array type that the engine has
// values of, or 0.
func ElemOf(t OID) OID {
	for _, p := range arrayTypes {
		if p.array == t {
			return p.elem
		}
	}
	return 0
}

// ArrayOf is the array type of a type that the engine has values of, or 0.
func ArrayOf(t OID) OID {
	for _, p := range arrayTypes {
		if p.elem == t && p.array != Int2Vector && p.array != OidVector {
			return p.array
		}
	}
	return 0
}

var arrayTypes = [...]struct{ array, elem OID }{
	{BoolArray, Bool}, {ByteaArray, Bytea}, {CharArray, Char}, {NameArray, Name}, {Int8Array, Int8}, {Int2Array, Int2},
	{Int2Vector, Int2}, {Int4Array, Int4}, {1008, RegProc}, {TextArray, Text}, {OidArray, Oid}, {1011, Xid}, {OidVector, Oid},
	{1021, Float4}, {Float8Array, Float8}, {1041, Inet}, {651, Cidr}, {AclItemArray, AclItem}, {1014, BPChar},
	{VarCharArray, VarChar}, {1182, Date}, {1183, Time}, {1115, Timestamp}, {TimestampTzArray, TimestampTz},
	{1187, Interval}, {NumericArray, Numeric}, {2210, RegClass}, {2211, RegType}, {2287, Record}, {LSNArray, LSN},
	{4097, RegRole}, {4090, RegNS}, {271, Xid8},
}

// HasValues reports whether the engine has values of a type.
func HasValues(t OID) bool {
	switch t {
	case Unknown, Void, Cstring, NodeTree:
		return true
	}
	return ElemOf(t) != 0 || ArrayOf(t) != 0
}
