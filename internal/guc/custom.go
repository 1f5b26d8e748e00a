package guc

import "strings"

// isQualified says whether name is meant to be another program's setting.
func isQualified(name string) bool { return strings.IndexByte(name, '.') >= 0 }

// isCustom says whether name has the form of another program's setting: identifiers with dots between them.
func isCustom(name string) bool {
	if !isQualified(name) {
		return false
	}
	for part := range strings.SplitSeq(name, ".") {
		if !isIdentifier(part) {
			return false
		}
	}
	return true
}

func isIdentifier(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLetterOrDigit(s[i]) && s[i] != '$' {
			return false
		}
	}
	return true
}
