package scram

import (
	"crypto/md5" // what stored MD5 passwords are made with
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// Kind is what a stored password is.
type Kind uint8

// The kinds.
const (
	Plain Kind = iota // a password as somebody typed it: never stored
	MD5
	SCRAM
)

// KindOf says what a text is that was given as a password (PostgreSQL: get_password_type).
func KindOf(text string) Kind {
	digest, ok := strings.CutPrefix(text, "md5")
	if ok && len(digest) == 2*md5.Size && strings.Trim(digest, "0123456789abcdef") == "" {
		return MD5
	}
	if _, ok := Parse(text); ok {
		return SCRAM
	}
	return Plain
}

// NewMD5 is the MD5 verifier of a role's password.
func NewMD5(password, role string) string { return md5Text(password + role) }

// MD5Matches says whether a client's answer to the challenge salt is right for the verifier.
func MD5Matches(verifier string, salt [4]byte, answer string) bool {
	want := md5Text(strings.TrimPrefix(verifier, "md5") + string(salt[:]))
	return subtle.ConstantTimeCompare([]byte(want), []byte(answer)) == 1
}

// MD5Verifies says whether a password is that of an MD5 verifier.
func MD5Verifies(verifier, password, role string) bool {
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(NewMD5(password, role))) == 1
}

func md5Text(s string) string {
	sum := md5.Sum([]byte(s))
	return "md5" + hex.EncodeToString(sum[:])
}
