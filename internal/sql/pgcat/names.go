package pgcat

import (
	"strconv"
	"strings"

	"waypost/internal/sql/types"
)

// reserved are the key words that an identifier cannot be without quotes,
// each with a blank on both sides.
const reserved = " " +
	"all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean " +
	"both case cast char character check coalesce collate collation column concurrently constraint create " +
	"cross current_catalog current_date current_role current_schema current_time current_timestamp " +
	"current_user dec decimal default deferrable desc distinct do else end except exists extract false " +
	"fetch float for foreign freeze from full grant greatest group grouping having ilike in initially " +
	"inner inout int integer intersect interval into is isnull join json json_array json_arrayagg " +
	"json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value " +
	"lateral leading least left like limit localtime localtimestamp merge_action national natural nchar " +
	"none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay " +
	"placing position precision primary real references returning right row select session_user setof " +
	"similar smallint some substring symmetric system_user table tablesample then time timestamp to " +
	"trailing treat trim true union unique user using values varchar variadic verbose when where window " +
	"with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot " +
	"xmlserialize xmltable "

// Reserved reports whether a word must be quoted as an identifier.
func Reserved(word string) bool { return strings.Contains(reserved, " "+word+" ") }

// TypeBySQLName finds a type by one of the names that SQL's grammar gives
// it, or by typname; with [] behind it, its array type.
func TypeBySQLName(name string) (types.OID, bool) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "pg_catalog.")
	if elem, ok := strings.CutSuffix(name, "[]"); ok {
		oid, found := TypeBySQLName(elem)
		if !found || TypeByOID(oid).Array == 0 {
			return 0, false
		}
		return TypeByOID(oid).Array, true
	}
	switch name {
	case "boolean":
		return types.Bool, true
	case "smallint":
		return types.Int2, true
	case "integer", "int":
		return types.Int4, true
	case "bigint":
		return types.Int8, true
	case "real":
		return types.Float4, true
	case "double precision", "float":
		return types.Float8, true
	case "character", "char":
		return types.BPChar, true
	case "\"char\"":
		return types.Char, true
	case "character varying":
		return types.VarChar, true
	case "decimal":
		return types.Numeric, true
	case "timestamp without time zone":
		return types.Timestamp, true
	case "timestamp with time zone":
		return types.TimestampTz, true
	case "time without time zone":
		return types.Time, true
	}
	if t := TypeByName(name); t != nil {
		return t.OID, true
	}
	return 0, false
}

// TypeName is a type's name as messages have it, format_type() without a
// modifier.
func TypeName(oid types.OID) string { return FormatType(oid, -1) }

// FormatType is format_type(); typmod is -1 for none.
func FormatType(oid types.OID, typmod int32) string {
	t := TypeByOID(oid)
	if t == nil {
		return "???"
	}
	if elem := TypeByOID(t.Elem); elem != nil && elem.Array == oid {
		return FormatType(elem.OID, typmod) + "[]"
	}
	name := types.DisplayName(oid)
	if name == "" {
		if name = t.Name(); Reserved(name) {
			name = `"` + name + `"`
		}
	}
	if typmod < 0 {
		return name
	}
	mod := "(" + strconv.Itoa(int(typmod)) + ")"
	switch oid {
	case types.VarChar, types.BPChar:
		return name + "(" + strconv.Itoa(int(typmod-4)) + ")"
	case types.Numeric:
		scale := (typmod - 4) & 0x7ff
		if scale > 1023 {
			scale -= 2048
		}
		return name + "(" + strconv.Itoa(int((typmod-4)>>16&0xffff)) + "," + strconv.Itoa(int(scale)) + ")"
	case types.Timestamp, types.TimestampTz, types.Time, 1266:
		word, rest, _ := strings.Cut(name, " ")
		return word + mod + " " + rest
	case types.Interval:
		if precision := typmod & 0xffff; precision != 0xffff {
			return name + "(" + strconv.Itoa(int(precision)) + ")"
		}
		return name
	}
	return name + mod
}
