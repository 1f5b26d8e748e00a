package guc

import "strings"

// parseDateStyle brings "iso, dmy" into the form in which DateStyle is shown and told to clients. What is not named stays as
// it is now, but that German brings DMY along; DEFAULT takes it from what RESET gives.
func (p *Param) parseDateStyle(text, now, reset string) (value, *Error) {
	words, ok := splitNames(text)
	if !ok {
		return value{}, p.refuse(text, badList)
	}
	style, order := "", ""
	for _, word := range words {
		into, name := dateWord(word, &style, &order)
		switch {
		case word == "default":
			defaultStyle, defaultOrder, _ := strings.Cut(reset, ", ")
			style, order = or(style, defaultStyle), or(order, defaultOrder)
			continue
		case into == nil:
			return value{}, p.refuse(text, "Unrecognized key word: "+quote(word)+".")
		case *into != "" && *into != name:
			return value{}, p.refuse(text, `Conflicting "datestyle" specifications.`)
		}
		*into = name
	}
	if order == "" && style == "German" {
		order = "DMY"
	}
	styleNow, orderNow, _ := strings.Cut(now, ", ")
	return value{str: or(style, styleNow) + ", " + or(order, orderNow)}, nil
}

// dateWord gives what a word says, and of what; nil for none of them.
func dateWord(word string, style, order *string) (into *string, name string) {
	switch {
	case word == "iso", word == "sql":
		return style, strings.ToUpper(word)
	case strings.HasPrefix(word, "postgres"):
		return style, "Postgres"
	case word == "german":
		return style, "German"
	case word == "ymd", word == "dmy", word == "mdy":
		return order, strings.ToUpper(word)
	case strings.HasPrefix(word, "euro"):
		return order, "DMY"
	case word == "us", strings.HasPrefix(word, "noneuro"):
		return order, "MDY"
	}
	return nil, ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
