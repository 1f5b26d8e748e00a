package logging

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// The forms of times in the log.
const (
	stampMilli  = "2006-01-02 15:04:05.000 MST"
	stampSecond = "2006-01-02 15:04:05 MST"
)

// prefix appends log_line_prefix. Each line that has one counts. (PostgreSQL: log_status_format.)
func (s *Sink) prefix(c *Config, e *entry) {
	s.lines[ToText]++
	for format := c.Prefix; format != ""; {
		literal, rest, escape := strings.Cut(format, "%")
		s.buf.WriteString(literal)
		if !escape {
			return
		}
		var width int
		width, rest = padding(rest)
		if rest == "" {
			return // a lone % at the end
		}
		if rest[0] == 'q' {
			if s.client == nil {
				return
			}
		} else {
			s.pad(s.escape(c, e, rest[0]), width)
		}
		format = rest[1:]
	}
}

// padding reads the number between % and the escape: spaces on the left, or with a minus on the right. Without an escape
// behind it, it is none.
func padding(format string) (width int, rest string) {
	n := 0
	if strings.HasPrefix(format, "-") {
		n = 1
	}
	for n < len(format) && format[n] >= '0' && format[n] <= '9' {
		n++
	}
	width, err := strconv.Atoi(format[:n])
	if err != nil || width > maxPadding || width < -maxPadding {
		return 0, format[n:]
	}
	return width, format[n:]
}

// maxPadding keeps a mistake in log_line_prefix from filling the disk.
const maxPadding = 1000

func (s *Sink) pad(text string, width int) {
	if width == 0 {
		s.buf.WriteString(text)
		return
	}
	fmt.Fprintf(&s.buf, "%*s", width, text)
}

// escape is what one escape stands for; "" for one that there is not, as PostgreSQL.
func (s *Sink) escape(c *Config, e *entry, escape byte) string {
	switch escape {
	case '%':
		return "%"
	case 'b':
		return s.backend()
	case 'p':
		return strconv.Itoa(os.Getpid())
	case 't':
		return e.now.In(c.Zone).Format(stampSecond)
	case 'm':
		return e.now.In(c.Zone).Format(stampMilli)
	case 'n':
		return fmt.Sprintf("%d.%03d", e.now.Unix(), e.now.Nanosecond()/int(time.Millisecond))
	case 's':
		return s.started().In(c.Zone).Format(stampSecond)
	case 'c':
		return s.sessionID()
	case 'l':
		return strconv.Itoa(s.lines[ToText])
	case 'e':
		return e.state
	case 'x', 'Q':
		return "0"
	}
	if s.client == nil {
		return ""
	}
	return oneLine(s.ofClient(escape)) // clients choose their own names
}

func (s *Sink) ofClient(escape byte) string {
	known := func(name string) string {
		if name == "" {
			return "[unknown]"
		}
		return name
	}
	switch escape {
	case 'a':
		return known(s.client.Application)
	case 'u':
		return known(s.client.User)
	case 'd':
		return known(s.client.Database)
	case 'h':
		return s.client.RemoteHost
	case 'r':
		return s.client.remote()
	case 'L':
		return known(s.client.LocalHost)
	case 'i':
		return s.doing()
	}
	return ""
}

// started is when the session began, or the process where it serves none.
func (s *Sink) started() time.Time {
	if s.client != nil && !s.client.Start.IsZero() {
		return s.client.Start
	}
	return s.start
}

func (s *Sink) sessionID() string { return fmt.Sprintf("%x.%x", s.started().Unix(), os.Getpid()) }

// remote is the client's address as titles have it, too.
func (c *Client) remote() string {
	if c.RemotePort == "" {
		return c.RemoteHost
	}
	return c.RemoteHost + "(" + c.RemotePort + ")"
}

// doing is what the process does for its client, by its title.
func (s *Sink) doing() string {
	_, activity, _ := strings.Cut(s.title(), s.client.remote()+" ")
	return strings.TrimRight(activity, " ")
}
