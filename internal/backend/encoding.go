package backend

import (
	"strconv"
	"strings"

	"waypost/internal/guc"
	"waypost/protocol"
)

func itoa(n int) string { return strconv.Itoa(n) }

// sessionValue brings the value of a setting whose meaning is a matter of sessions into the form that PostgreSQL
// reports, and refuses one that it would refuse.
func sessionValue(name, value string) (string, error) {
	id, ok := guc.Find(name)
	if !ok {
		return value, nil
	}
	switch id {
	case guc.ClientEncoding:
		canonical, ok := encodingName(value)
		if !ok {
			return "", protocol.Errorf(protocol.CodeInvalidParameterValue,
				"invalid value for parameter \"client_encoding\": \"%s\"", value)
		}
		return canonical, nil
	case guc.DateStyle:
		return dateStyle(value), nil
	case guc.TimeZone:
		if strings.EqualFold(value, "utc") || strings.EqualFold(value, "gmt") {
			return strings.ToUpper(value), nil
		}
	}
	return value, nil
}

// encodings are the canonical names of PostgreSQL's client encodings (pg_enc2name_tbl).
var encodings = [...]string{
	"SQL_ASCII", "EUC_JP", "EUC_CN", "EUC_KR", "EUC_TW", "EUC_JIS_2004", "UTF8", "MULE_INTERNAL", "LATIN1", "LATIN2",
	"LATIN3", "LATIN4", "LATIN5", "LATIN6", "LATIN7", "LATIN8", "LATIN9", "LATIN10", "WIN1256", "WIN1258", "WIN866",
	"WIN874", "KOI8R", "WIN1251", "WIN1252", "ISO_8859_5", "ISO_8859_6", "ISO_8859_7", "ISO_8859_8", "WIN1250",
	"WIN1253", "WIN1254", "WIN1255", "WIN1257", "KOI8U", "SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB",
	"SHIFT_JIS_2004",
}

// encodingName finds an encoding as PostgreSQL does: letters and digits alone count, in any case.
func encodingName(s string) (string, bool) {
	clean := cleanEncoding(s)
	switch clean {
	case "unicode":
		return "UTF8", true
	case "iso88591":
		return "LATIN1", true
	case "iso885915":
		return "LATIN9", true
	}
	for _, name := range encodings {
		if cleanEncoding(name) == clean {
			return name, true
		}
	}
	return "", false
}

func cleanEncoding(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}

// dateStyle completes a style that was given without the order of its fields.
func dateStyle(s string) string {
	for _, style := range [...]string{"ISO", "SQL", "Postgres", "German"} {
		if strings.EqualFold(s, style) {
			if style == "German" {
				return "German, DMY"
			}
			return style + ", MDY"
		}
	}
	return s
}
