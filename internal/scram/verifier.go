package scram

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
)

// Method is the name of the mechanism, MethodPlus that with channel binding.
const (
	Method     = "SCRAM-SHA-256"
	MethodPlus = "SCRAM-SHA-256-PLUS"
)

// DefaultIterations is SCRAM_SHA_256_DEFAULT_ITERATIONS.
const DefaultIterations = 4096

// SaltLen is the length of the salts that are made here, bytes; KeyLen that of every key.
const (
	SaltLen = 16 // SCRAM_DEFAULT_SALT_LEN
	KeyLen  = sha256.Size
)

// Verifier is what a server keeps of a password.
type Verifier struct {
	Iterations           int
	Salt                 []byte
	StoredKey, ServerKey [KeyLen]byte
}

// Parse reads a verifier as it is stored; ok says whether it is one.
func Parse(text string) (v Verifier, ok bool) {
	rest, ok := strings.CutPrefix(text, Method+"$")
	if !ok {
		return Verifier{}, false
	}
	iterations, rest, ok1 := strings.Cut(rest, ":")
	salt, rest, ok2 := strings.Cut(rest, "$")
	stored, server, ok3 := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(iterations, 10, 32)
	if !ok1 || !ok2 || !ok3 || err != nil || n < 1 {
		return Verifier{}, false
	}
	v.Iterations = int(n)
	if v.Salt, err = base64.StdEncoding.Strict().DecodeString(salt); err != nil || len(v.Salt) == 0 {
		return Verifier{}, false
	}
	if !decodeKey(&v.StoredKey, stored) || !decodeKey(&v.ServerKey, server) {
		return Verifier{}, false
	}
	return v, true
}

func decodeKey(key *[KeyLen]byte, text string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && copy(key[:], b) == KeyLen && len(b) == KeyLen
}

// String is the verifier as it is stored. It is secret.
func (v Verifier) String() string {
	b64 := base64.StdEncoding
	return Method + "$" + strconv.Itoa(v.Iterations) + ":" + b64.EncodeToString(v.Salt) + "$" +
		b64.EncodeToString(v.StoredKey[:]) + ":" + b64.EncodeToString(v.ServerKey[:])
}

// New makes the verifier of a password. The error is ctx's: many iterations take long.
func New(ctx context.Context, password string, salt []byte, iterations int) (Verifier, error) {
	salted, err := saltedPassword(ctx, prepared(password), salt, iterations)
	if err != nil {
		return Verifier{}, err
	}
	v := Verifier{Iterations: iterations, Salt: salt}
	v.StoredKey = sha256.Sum256(mac(salted, "Client Key"))
	copy(v.ServerKey[:], mac(salted, "Server Key"))
	return v, nil
}

// Matches says whether the verifier is the password's. The error is ctx's.
func (v Verifier) Matches(ctx context.Context, password string) (bool, error) {
	got, err := New(ctx, password, v.Salt, v.Iterations)
	return err == nil && subtle.ConstantTimeCompare(got.ServerKey[:], v.ServerKey[:]) == 1, err
}

// Mock is the verifier of somebody who cannot succeed: its salt is always the same for a name, as a real one's is, and
// nobody without the node's secret can tell that it is none (PostgreSQL: mock_scram_secret). No password fits it.
func Mock(secret []byte, name string, iterations int) Verifier {
	salt := sha256.Sum256(append([]byte(name), secret...))
	return Verifier{Iterations: iterations, Salt: salt[:SaltLen]}
}

// prepared is a password as SASLprep would have it, or as it is where SASLprep has nothing to say to it.
func prepared(password string) string {
	if p, ok := saslprep(password); ok {
		return p
	}
	return password
}

// saltedPassword is Hi() of RFC 5802: PBKDF2 for one block, which can be broken off.
func saltedPassword(ctx context.Context, password string, salt []byte, iterations int) ([]byte, error) {
	const between = 4096 // iterations from one look at ctx to the next
	h := hmac.New(sha256.New, []byte(password))
	h.Write(salt)
	h.Write(binary.BigEndian.AppendUint32(nil, 1))
	u := h.Sum(nil)
	sum := append([]byte(nil), u...)
	for i := 1; i < iterations; i++ {
		if i%between == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		h.Reset()
		h.Write(u)
		u = h.Sum(u[:0])
		subtle.XORBytes(sum, sum, u)
	}
	return sum, nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
