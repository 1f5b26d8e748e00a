package tlsfiles

import (
	"crypto/tls"
	"strings"
)

// property is what OpenSSL's keywords choose suites by.
type property uint16

const (
	kxECDHE   property = 1 << iota // key exchange; all others have RSA's
	authECDSA                      // authentication; all others have RSA's
	aes128                         //
	aes256                         //
	chacha20                       //
	gcm                            // AES in that mode; without it, and without chacha20, it is CBC
	macSHA1                        //
	macSHA256                      //
	macSHA384                      //
	tls12                          // not in an earlier version
	explicit                       // crypto/tls does nothing against attacks by timing: by its own name only
)

// suite is a cipher suite of TLS 1.2 and before that crypto/tls has.
type suite struct {
	id   uint16
	name string // OpenSSL's
	std  string // IANA's
	is   property
}

// suites stand in the order that OpenSSL gives them. RC4 and 3DES are left out: no OpenSSL of today has them, either.
var suites = [...]suite{
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
		kxECDHE | authECDSA | aes256 | gcm | macSHA384 | tls12},
	{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
		kxECDHE | aes256 | gcm | macSHA384 | tls12},
	{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305",
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", kxECDHE | authECDSA | chacha20 | macSHA256 | tls12},
	{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305",
		"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", kxECDHE | chacha20 | macSHA256 | tls12},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
		kxECDHE | authECDSA | aes128 | gcm | macSHA256 | tls12},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		kxECDHE | aes128 | gcm | macSHA256 | tls12},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
		kxECDHE | authECDSA | aes128 | macSHA256 | tls12 | explicit},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
		kxECDHE | aes128 | macSHA256 | tls12 | explicit},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
		kxECDHE | authECDSA | aes256 | macSHA1},
	{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
		kxECDHE | aes256 | macSHA1},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
		kxECDHE | authECDSA | aes128 | macSHA1},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
		kxECDHE | aes128 | macSHA1},
	{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", aes256 | gcm | macSHA384 | tls12},
	{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256", aes128 | gcm | macSHA256 | tls12},
	{tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA256", aes128 | macSHA256 | tls12 | explicit},
	{tls.TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", aes256 | macSHA1},
	{tls.TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", aes128 | macSHA1},
}

// class is what a keyword stands for: suites with all of want and none of not, of those that no name must ask for.
type class struct {
	keyword   string
	want, not property
}

// classes are the keywords that stand for suites that we have.
var classes = [...]class{
	{"ALL", 0, 0}, {"DEFAULT", 0, 0}, {"HIGH", 0, 0}, {"COMPLEMENTOFALL", kxECDHE, kxECDHE},
	{"ECDHE", kxECDHE, 0}, {"EECDH", kxECDHE, 0}, {"kECDHE", kxECDHE, 0}, {"kEECDH", kxECDHE, 0},
	{"kRSA", 0, kxECDHE}, {"RSA", 0, kxECDHE}, {"aRSA", 0, authECDSA}, {"aECDSA", authECDSA, 0}, {"ECDSA", authECDSA, 0},
	{"AES", 0, chacha20}, {"AES128", aes128, 0}, {"AES256", aes256, 0}, {"AESGCM", gcm, 0}, {"CHACHA20", chacha20, 0},
	{"SHA1", macSHA1, 0}, {"SHA", macSHA1, 0}, {"TLSv1.2", tls12, 0}, {"TLSv1.0", 0, tls12}, {"TLSv1", 0, tls12},
	{"SSLv3", 0, tls12},
}

// others are keywords for suites that we do not have, between spaces.
const others = " MEDIUM LOW EXP EXPORT EXPORT40 EXPORT56 aNULL eNULL NULL 3DES DES RC4 RC2 IDEA SEED CAMELLIA CAMELLIA128 " +
	"CAMELLIA256 ARIA ARIA128 ARIA256 ARIAGCM AESCCM AESCCM8 MD5 SHA256 SHA384 aDSS DSS kDHE kEDH DHE EDH DH ADH AECDH PSK kPSK " +
	"aPSK kECDHEPSK kDHEPSK kRSAPSK SRP kSRP aSRP GOST aGOST aGOST01 kGOST GOST94 GOST89MAC KRB5 COMPLEMENTOFDEFAULT " +
	"DHE-DSS DES-CBC3-SHA ECDHE-RSA-DES-CBC3-SHA ECDHE-ECDSA-DES-CBC3-SHA DHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES256-GCM-SHA384 " +
	"DHE-RSA-CHACHA20-POLY1305 DHE-RSA-AES128-SHA DHE-RSA-AES256-SHA DHE-RSA-AES128-SHA256 DHE-RSA-AES256-SHA256 " +
	"ECDHE-RSA-AES256-SHA384 ECDHE-ECDSA-AES256-SHA384 AES256-SHA256 "

// picks says whether a word between two '+' stands for s; known, whether it is a word at all.
func picks(word string, s *suite) (yes, known bool) {
	if word == s.name || word == s.std {
		return true, true
	}
	for i := range classes {
		if c := &classes[i]; c.keyword == word {
			return s.is&c.want == c.want && s.is&c.not == 0 && s.is&explicit == 0, true
		}
	}
	for i := range suites {
		if word == suites[i].name || word == suites[i].std {
			return false, true
		}
	}
	return false, strings.Contains(others, " "+word+" ")
}

// Suites are the suites of TLS 1.2 and before that a string of ssl_ciphers allows, as crypto/tls numbers them, and the words
// in it that mean nothing. The language is OpenSSL's (ciphers(1)): each word adds suites, '-' in front takes them out, '!'
// for good, '+' moves them to the end, and a '+' within is an and.
func Suites(text string) (ids []uint16, unknown []string, err error) {
	var in []*suite
	var dead [len(suites)]bool
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		op := word[0]
		name := word
		switch op {
		case '!', '-', '+':
			name = word[1:]
		case '@': // @STRENGTH only sorts
			if word != "@STRENGTH" {
				unknown = append(unknown, word)
			}
			continue
		}
		for i := range suites {
			s := &suites[i]
			yes, known := all(name, s)
			if !known {
				unknown = append(unknown, name)
				break
			}
			if !yes {
				continue
			}
			at := index(in, s)
			switch {
			case op == '!':
				dead[i] = true
				fallthrough
			case op == '-':
				in = remove(in, at)
			case op == '+':
				if at >= 0 {
					in = append(remove(in, at), s)
				}
			case at < 0 && !dead[i]:
				in = append(in, s)
			}
		}
	}
	if len(in) == 0 {
		return nil, nil, configError("could not set the cipher list (no valid ciphers available)")
	}
	for _, s := range in {
		ids = append(ids, s.id)
	}
	return ids, unknown, nil
}

// all says whether s is what each word of "ECDHE+AESGCM" says.
func all(words string, s *suite) (yes, known bool) {
	yes = true
	for word := range strings.SplitSeq(words, "+") {
		y, k := picks(word, s)
		if !k {
			return false, false
		}
		yes = yes && y
	}
	return yes, true
}

func index(list []*suite, s *suite) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

func remove(list []*suite, i int) []*suite {
	if i < 0 {
		return list
	}
	return append(list[:i:i], list[i+1:]...)
}

// CipherName is a suite as OpenSSL calls it, and the bits of its key.
func CipherName(id uint16) (name string, bits int) {
	switch id {
	case tls.TLS_AES_128_GCM_SHA256:
		return "TLS_AES_128_GCM_SHA256", 128
	case tls.TLS_AES_256_GCM_SHA384:
		return "TLS_AES_256_GCM_SHA384", 256
	case tls.TLS_CHACHA20_POLY1305_SHA256:
		return "TLS_CHACHA20_POLY1305_SHA256", 256
	}
	for i := range suites {
		if s := &suites[i]; s.id == id {
			if s.is&aes128 != 0 {
				return s.name, 128
			}
			return s.name, 256
		}
	}
	return tls.CipherSuiteName(id), 0
}
