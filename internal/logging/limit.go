package logging

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What an event may hold of a statement, and of a message, which may tell one, too: as much as the parser takes; and of each
// other text, bytes. JSON needs up to six times as much, and still an event stays below maxEvent, beyond which it would go to
// pieces on its way.
const (
	maxStatement = 128 << 10
	maxText      = 16 << 10
)

// limit cuts what is too long, and says so there.
func (e *entry) limit() {
	e.message, e.statement = cut(e.message, maxStatement), cut(e.statement, maxStatement)
	for _, text := range [...]*string{&e.detail, &e.hint, &e.context} {
		*text = cut(*text, maxText)
	}
}

func cut(s string, limit int) string {
	shown := head(s, limit)
	if len(shown) == len(s) {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes more)", shown, len(s)-len(shown))
}

// head is as much of a text's beginning as fits, in whole characters.
func head(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// printable shows the characters that would steer a terminal, or begin a line that looks like another event, by their
// numbers. Tabs and ends of lines stay, since statements have them.
func printable(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	return escapeIf(strings.ReplaceAll(s, "\r\n", "\n"), steers)
}

// oneLine does the same for what stands in a line's prefix, where no line may end.
func oneLine(s string) string { return escapeIf(s, unicode.IsControl) }

func steers(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }

func escapeIf(s string, special func(r rune) bool) string {
	if !strings.ContainsFunc(s, special) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if special(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
