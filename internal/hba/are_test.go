package hba

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// That what is taken means the same is shown against a server, in tests/hba.
func TestWhatRE2CannotDoIsRefusedByName(t *testing.T) {
	for pattern, want := range map[string]string{
		`(a)\1`:          "a back reference",
		`a\10`:           "a back reference",
		`a(?=b)`:         "a look-ahead or look-behind constraint",
		`a(?!b)`:         "a look-ahead or look-behind constraint",
		`(?<=a)b`:        "a look-ahead or look-behind constraint",
		`(?<!a)b`:        "a look-ahead or look-behind constraint",
		`\mword`:         `\m`,
		`word\M`:         `\M`,
		`[[:<:]]a`:       "a word boundary in brackets",
		`a[[:>:]]`:       "a word boundary in brackets",
		`[[.hyphen.]]`:   `collating element "hyphen"`,
		`(?n)a`:          `embedded option "n"`,
		`(?x)a b`:        `embedded option "x"`,
		`***:(?iw)a`:     `embedded option "w"`,
		`[[.a.]-[.zz.]]`: `collating element "zz"`,
	} {
		_, _, err := translateARE(pattern)
		require.EqualError(t, err, want+" is not supported by this build", pattern)
	}
	_, err := Parse("local all \"/(((a{255}){255}){255}){255}\" trust", path)
	require.ErrorContains(t, err, `{255}": regular expression is too complex: line 1 of`)
}

func FuzzRegularExpression(f *testing.F) {
	for _, seed := range []string{`^(a|b)*c{2,3}$`, `[[:alpha:]_-]\d\x41`, `(?i)[^a-c]`, `***=a(b`, `\u0041(?:x)?+`,
		`[]a-]`, `(?#c)a`} {
		f.Add(seed, "abc")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		re2, _, err := translateARE(pattern)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		re, err := regexp.Compile(re2)
		if err != nil { // too large, and nothing else: the syntax is ours
			require.Regexp(t, "invalid repeat count|expression too large|nests too deeply", err.Error(), re2)
			return
		}
		if len(name) < 1000 {
			re.FindStringSubmatchIndex(widen(name))
		}
		require.Equal(t, name, narrow(widen(name)))
	})
}
