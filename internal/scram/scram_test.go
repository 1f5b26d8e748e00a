package scram

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	client "github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"

	"waypost/protocol"
)

func verifier(t *testing.T, password string, iterations int) Verifier {
	t.Helper()
	v, err := New(context.Background(), password, []byte("0123456789abcdef"), iterations)
	require.NoError(t, err)
	return v
}

// converse has the library's client talk to an exchange.
func converse(t *testing.T, c *client.ClientConversation, e *Exchange, mechanism string) (ok bool, err error) {
	t.Helper()
	if err := e.Begin(mechanism); err != nil {
		return false, err
	}
	first, err := c.Step("")
	require.NoError(t, err)
	answer, err := e.First([]byte(first))
	if err != nil {
		return false, err
	}
	final, err := c.Step(string(answer))
	require.NoError(t, err)
	answer, ok, err = e.Final([]byte(final))
	if !ok {
		require.Empty(t, answer)
		return false, err
	}
	_, err = c.Step(string(answer))
	require.NoError(t, err, "the client does not believe the server")
	require.True(t, c.Valid())
	return true, nil
}

func plainClient(t *testing.T, password string) *client.ClientConversation {
	t.Helper()
	c, err := client.SHA256.NewClient("somebody", password, "")
	require.NoError(t, err)
	return c.WithMinIterations(1).NewConversation()
}

func TestRightPasswordAndNoOtherIsTaken(t *testing.T) {
	for _, iterations := range []int{1, 2, 4096, 9000} {
		v := verifier(t, "secret", iterations)
		ok, err := converse(t, plainClient(t, "secret"), &Exchange{Verifier: v}, Method)
		require.NoError(t, err)
		require.True(t, ok)
		ok, err = converse(t, plainClient(t, "Secret"), &Exchange{Verifier: v}, Method)
		require.NoError(t, err)
		require.False(t, ok)
	}
}

func TestDoomedExchangeFailsWhateverTheClientKnows(t *testing.T) {
	v := verifier(t, "secret", 4096)
	ok, err := converse(t, plainClient(t, "secret"), &Exchange{Verifier: v, Doomed: true}, Method)
	require.NoError(t, err)
	require.False(t, ok)
	for _, password := range []string{"secret", ""} {
		mock := Mock([]byte("node's secret"), "nobody", 4096)
		require.Len(t, mock.Salt, SaltLen)
		ok, err = converse(t, plainClient(t, password), &Exchange{Verifier: mock}, Method)
		require.NoError(t, err)
		require.False(t, ok, "nothing fits a mock verifier even if nobody says that it is one")
	}
}

func TestMockSaltIsTheSameForANameOnly(t *testing.T) {
	a := Mock([]byte("s"), "alice", 4096)
	require.Equal(t, a, Mock([]byte("s"), "alice", 4096))
	require.NotEqual(t, a.Salt, Mock([]byte("s"), "bob", 4096).Salt)
	require.NotEqual(t, a.Salt, Mock([]byte("t"), "alice", 4096).Salt)
}

func bindingClient(t *testing.T, password string, hash []byte) *client.ClientConversation {
	t.Helper()
	c, err := client.SHA256.NewClient("somebody", password, "")
	require.NoError(t, err)
	return c.NewConversationWithChannelBinding(client.ChannelBinding{Type: client.ChannelBindingTLSServerEndpoint, Data: hash})
}

func TestChannelBindingHoldsToTheServersCertificate(t *testing.T) {
	v := verifier(t, "secret", 4096)
	here := TLS{InUse: true, EndPoint: []byte("hash of our certificate")}
	require.Equal(t, []string{MethodPlus, Method}, here.Mechanisms())
	require.Equal(t, []string{Method}, TLS{InUse: true}.Mechanisms())

	ok, err := converse(t, bindingClient(t, "secret", here.EndPoint), &Exchange{Verifier: v, TLS: here}, MethodPlus)
	require.NoError(t, err)
	require.True(t, ok)

	ok, err = converse(t, bindingClient(t, "wrong", here.EndPoint), &Exchange{Verifier: v, TLS: here}, MethodPlus)
	require.NoError(t, err)
	require.False(t, ok)

	_, err = converse(t, bindingClient(t, "secret", []byte("another's")), &Exchange{Verifier: v, TLS: here}, MethodPlus)
	requireCode(t, err, protocol.CodeInvalidAuthorization, "SCRAM channel binding check failed")

	ok, err = converse(t, plainClient(t, "secret"), &Exchange{Verifier: v, TLS: here}, Method)
	require.NoError(t, err)
	require.True(t, ok, "a client need not bind")
}

func requireCode(t *testing.T, err error, code protocol.SQLSTATE, text string) {
	t.Helper()
	var e *protocol.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e)
	require.Contains(t, e.Message+" "+e.Detail, text)
}

func TestMessagesThatAreNoneAreRefusedAsPostgreSQLDoes(t *testing.T) {
	bound := TLS{InUse: true, EndPoint: []byte("h")}
	for _, c := range []struct {
		name, mechanism, first string
		tls                    TLS
		code                   protocol.SQLSTATE
		text                   string
	}{
		{"mechanism", "SCRAM-SHA-1", "", TLS{}, "08P01", "invalid SASL authentication mechanism"},
		{"binding without TLS", MethodPlus, "", TLS{}, "08P01", "invalid SASL authentication mechanism"},
		{"empty", Method, "", TLS{}, "08P01", "The message is empty."},
		{"zero byte", Method, "n,,n=,r=a\x00", TLS{}, "08P01", "Message length does not match input length."},
		{"flag", Method, "x,,n=,r=a", TLS{}, "08P01", `Unexpected channel-binding flag "'x'"`},
		{"no comma", Method, "nn=,r=a", TLS{}, "08P01", `Comma expected, but found character "'n'"`},
		{"plus without binding", MethodPlus, "n,,n=,r=a", bound, "08P01", "does not include channel binding data"},
		{"binding without plus", Method, "p=tls-server-end-point,,n=,r=a", bound, "08P01", "includes channel binding data"},
		{"unknown binding", MethodPlus, "p=tls-unique\x01,,n=,r=a", bound, "08P01",
			`unsupported SCRAM channel-binding type "tls-unique?"`},
		{"stripped mechanism", Method, "y,,n=,r=a", bound, "28000", "SCRAM channel binding negotiation error"},
		{"authorization identity", Method, "n,a=me,n=,r=a", TLS{}, "0A000", "authorization identity"},
		{"attribute in header", Method, "n,b=me,n=,r=a", TLS{}, "08P01", `Unexpected attribute "'b'" in client-first-message.`},
		{"extension", Method, "n,,m=x,n=,r=a", TLS{}, "0A000", "unsupported SCRAM extension"},
		{"no name", Method, "n,,r=a", TLS{}, "08P01", `Expected attribute "n" but found "'r'"`},
		{"no nonce", Method, "n,,n=x", TLS{}, "08P01", `Expected attribute "r" but found "0x00"`},
		{"no equals sign", Method, "n,,n,r=a", TLS{}, "08P01", `Expected character "=" for attribute "n"`},
		{"nonce", Method, "n,,n=,r=a b", TLS{}, "08P01", "non-printable characters in SCRAM nonce"},
		{"extensions", Method, "n,,n=,r=a,1=x", TLS{}, "08P01", `found invalid character "'1'"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &Exchange{Verifier: verifier(t, "x", 1), TLS: c.tls}
			err := e.Begin(c.mechanism)
			if err == nil {
				_, err = e.First([]byte(c.first))
			}
			requireCode(t, err, c.code, c.text)
		})
	}
}

func TestFinalMessagesThatAreNoneAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, final string
		text        string
	}{
		{"empty", "", "The message is empty."},
		{"other header", "c=eSws,r=%s,p=", "unexpected SCRAM channel-binding attribute"},
		{"no header", "r=%s,p=", `Expected attribute "c"`},
		{"nonce", "c=biws,r=%sx,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Nonce does not match."},
		{"no proof", "c=biws,r=%s", "Attribute expected, but found end of string."},
		{"short proof", "c=biws,r=%s,p=AAAA", "Malformed proof"},
		{"no base64", "c=biws,r=%s,p=!", "Malformed proof"},
		{"garbage", "c=biws,r=%s,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,x", "Garbage found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &Exchange{Verifier: verifier(t, "x", 1)}
			require.NoError(t, e.Begin(Method))
			answer, err := e.First([]byte("n,,n=,r=client"))
			require.NoError(t, err)
			nonce, _, _ := strings.Cut(strings.TrimPrefix(string(answer), "r="), ",")
			final := c.final
			if strings.Contains(final, "%s") {
				final = fmt.Sprintf(final, nonce)
			}
			_, ok, err := e.Final([]byte(final))
			require.False(t, ok)
			requireCode(t, err, protocol.CodeProtocolViolation, c.text)
		})
	}
}

func TestKeysAreThoseOfTheStandardLibrary(t *testing.T) {
	for _, n := range []int{1, 2, 4096, 5000} {
		want, err := pbkdf2.Key(sha256.New, "pencil", []byte("salt"), n, KeyLen)
		require.NoError(t, err)
		got, err := saltedPassword(context.Background(), "pencil", []byte("salt"), n)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestManyIterationsCanBeBrokenOff(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := New(ctx, "x", []byte("salt"), 1<<31-1)
	require.ErrorIs(t, err, context.Canceled)
}

// A verifier that PostgreSQL 17 made for "secret".
const fromPostgreSQL = "SCRAM-SHA-256$4096:rt0sLBx4AynDye/bM2tAIQ==$TXyro7atbet5hLUFESxK2/9yOKemMI/fHMg9FJSC/Xw=:" +
	"qtZD/HTpYgetGZPTHydtAAXl4tS/B9N4xXk1bbjKHVU="

func TestVerifierSurvivesItsText(t *testing.T) {
	v := verifier(t, "pässword", 4096)
	back, ok := Parse(v.String())
	require.True(t, ok)
	require.Equal(t, v, back)
	matches, err := back.Matches(context.Background(), "pässword")
	require.NoError(t, err)
	require.True(t, matches)
	matches, err = back.Matches(context.Background(), "password")
	require.NoError(t, err)
	require.False(t, matches)
}

func TestVerifierOfPostgreSQLIsTaken(t *testing.T) {
	v, ok := Parse(fromPostgreSQL)
	require.True(t, ok)
	require.Equal(t, fromPostgreSQL, v.String())
	matches, err := v.Matches(context.Background(), "secret")
	require.NoError(t, err)
	require.True(t, matches)
	ok, err = converse(t, plainClient(t, "secret"), &Exchange{Verifier: v}, Method)
	require.NoError(t, err)
	require.True(t, ok)
}

func TestKindOf(t *testing.T) {
	require.Equal(t, SCRAM, KindOf(fromPostgreSQL))
	require.Equal(t, MD5, KindOf("md5"+strings.Repeat("0f", 16)))
	for _, plain := range []string{"", "secret", "md5", "md5" + strings.Repeat("0F", 16), "md5" + strings.Repeat("0f", 17),
		strings.Replace(fromPostgreSQL, "4096", "0", 1), strings.Replace(fromPostgreSQL, "4096", "-1", 1),
		strings.Replace(fromPostgreSQL, "4096", "99999999999", 1), strings.Replace(fromPostgreSQL, "$4096", "", 1),
		fromPostgreSQL + "A", fromPostgreSQL[:len(fromPostgreSQL)-1], "SCRAM-SHA-256$4096:$a:b", "SCRAM-SHA-256$4096:*$a:b"} {
		require.Equal(t, Plain, KindOf(plain), plain)
	}
}

func TestMD5IsPostgreSQLs(t *testing.T) {
	stored := NewMD5("secret", "alice")
	require.Equal(t, "md54a0a68b43b6cd5cf266fa02f196e2371", stored)
	require.Equal(t, MD5, KindOf(stored))
	require.True(t, MD5Verifies(stored, "secret", "alice"))
	require.False(t, MD5Verifies(stored, "secret", "bob"))
	salt := [4]byte{1, 2, 3, 4}
	require.True(t, MD5Matches(stored, salt, md5Text(stored[3:]+string(salt[:]))))
	require.False(t, MD5Matches(stored, salt, md5Text(stored[3:])))
	require.False(t, MD5Matches(stored, salt, ""))
}

// TestSASLprepIsTheLibrarys compares with the library for every code point by itself, and for random texts. They differ in
// what PostgreSQL does otherwise: ASCII is not looked at, U+200B becomes a space.
func TestSASLprepIsTheLibrarys(t *testing.T) {
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		if r != 0x200b && utf8.ValidRune(r) {
			requireAlike(t, string(r))
		}
	}
	interesting := []rune("aé ﬁ\u00ad\u00a0א\u05d0\u0627١\u2003\u0221Ⅷª\u200d\U0001f600ß")
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 20000 {
		text := []rune{'é'}
		for range random.IntN(6) {
			text = append(text, interesting[random.IntN(len(interesting))])
		}
		requireAlike(t, string(text), "seed", seed)
	}
}

// requireAlike is called a million times.
func requireAlike(t *testing.T, text string, more ...any) {
	t.Helper()
	want, err := stringprep.SASLprep.Prepare(text)
	got, ok := saslprep(text)
	if ok != (err == nil && want != "") || ok && got != want {
		require.Fail(t, "not alike", "%+q: %+q %v, expected %+q %v; %v", text, got, ok, want, err, more)
	}
}

func TestWhatSASLprepRefusesIsTakenAsItIs(t *testing.T) {
	require.Equal(t, "\xff\xfe", prepared("\xff\xfe"))
	require.Equal(t, "\u0221", prepared("\u0221"))
	require.Equal(t, "a\x01", prepared("a\x01"))
	require.Equal(t, "a b", prepared("a\u200bb"))
	require.Equal(t, "fi", prepared("ﬁ"))
}

func FuzzVerifierSurvivesItsText(f *testing.F) {
	f.Add(fromPostgreSQL)
	f.Add("md5" + strings.Repeat("0f", 16))
	f.Fuzz(func(t *testing.T, text string) {
		v, ok := Parse(text)
		if !ok {
			return
		}
		back, ok := Parse(v.String())
		require.True(t, ok)
		require.Equal(t, v, back)
	})
}

func FuzzExchangeTakesNobodyWithoutThePassword(f *testing.F) {
	f.Add("n,,n=,r=abc", "c=biws,r=abc,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)
	f.Add("p=tls-server-end-point,,n=,r=abc", "c=biws,r=abc,x=1,p=AAAA", true)
	v, err := New(context.Background(), "secret", []byte("salt"), 1)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, first, final string, plus bool) {
		e := &Exchange{Verifier: v}
		mechanism := Method
		if plus {
			e.TLS, mechanism = TLS{InUse: true, EndPoint: []byte("h")}, MethodPlus
		}
		require.NoError(t, e.Begin(mechanism))
		answer, err := e.First([]byte(first))
		if err != nil {
			var p *protocol.Error
			require.True(t, errors.As(err, &p))
			return
		}
		nonce, _, _ := strings.Cut(strings.TrimPrefix(string(answer), "r="), ",")
		_, ok, err := e.Final([]byte(strings.ReplaceAll(final, "NONCE", nonce)))
		require.False(t, ok)
		var p *protocol.Error
		require.True(t, err == nil || errors.As(err, &p))
	})
}
