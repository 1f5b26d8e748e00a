package logger

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// strftime fills the escapes of log_filename, with the C locale's names; one that there is not stands for itself.
func strftime(pattern string, t time.Time) string {
	var b strings.Builder
	for {
		literal, rest, escape := strings.Cut(pattern, "%")
		b.WriteString(literal)
		if !escape {
			return b.String()
		}
		if rest == "" {
			return b.String() + "%"
		}
		// E and O ask for another locale's forms, which C has not.
		if len(rest) > 1 && (rest[0] == 'E' || rest[0] == 'O') {
			rest = rest[1:]
		}
		b.WriteString(conversion(rest[0], t))
		pattern = rest[1:]
	}
}

// layouts are the conversions that package time has a layout for.
func layout(c byte) string {
	switch c {
	case 'A':
		return "Monday"
	case 'a':
		return "Mon"
	case 'B':
		return "January"
	case 'b', 'h':
		return "Jan"
	case 'c':
		return "Mon Jan _2 15:04:05 2006"
	case 'D', 'x':
		return "01/02/06"
	case 'd':
		return "02"
	case 'e':
		return "_2"
	case 'F':
		return "2006-01-02"
	case 'H':
		return "15"
	case 'I':
		return "03"
	case 'j':
		return "002"
	case 'M':
		return "04"
	case 'm':
		return "01"
	case 'p':
		return "PM"
	case 'R':
		return "15:04"
	case 'r':
		return "03:04:05 PM"
	case 'S':
		return "05"
	case 'T', 'X':
		return "15:04:05"
	case 'v':
		return "_2-Jan-2006"
	case 'y':
		return "06"
	case 'Z':
		return "MST"
	case 'z':
		return "-0700"
	}
	return ""
}

func conversion(c byte, t time.Time) string {
	if l := layout(c); l != "" {
		return t.Format(l)
	}
	isoYear, isoWeek := t.ISOWeek()
	switch c {
	case '%':
		return "%"
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100)
	case 'G':
		return strconv.Itoa(isoYear)
	case 'g':
		return fmt.Sprintf("%02d", isoYear%100)
	case 'k':
		return fmt.Sprintf("%2d", t.Hour())
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1)
	case 'n':
		return "\n"
	case 's':
		return strconv.FormatInt(t.Unix(), 10)
	case 't':
		return "\t"
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7)
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1)
	case 'V':
		return fmt.Sprintf("%02d", isoWeek)
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7)
	case 'w':
		return strconv.Itoa(int(t.Weekday()))
	case 'Y':
		return strconv.Itoa(t.Year())
	}
	return string(c)
}
