package hba

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Load reads the file at path, which is absolute. If anything is wrong the error is an Errors, all that was found,
// and there are no Rules: at start that is fatal, on reload the old ones stay.
func Load(path string) (*Rules, error) {
	var r reader
	if err := r.file(path); err != nil {
		return nil, err
	}
	return newRules(&r, path, true)
}

// Parse is Load of a text that stands for the file at path.
func Parse(text, path string) (*Rules, error) {
	var r reader
	r.read(text, path, 0)
	return newRules(&r, path, true)
}

// file reads the file that all others are included by.
func (r *reader) file(path string) error {
	text, err := r.open(path, 0)
	if err != nil {
		return Errors{err}
	}
	r.read(text, path, 0)
	return nil
}

// newRules makes rules of a reader's lines. Lines that were checked once, by who handed them on, need not be again.
func newRules(r *reader, path string, check bool) (*Rules, error) {
	rules := &Rules{Skipped: r.skipped}
	if check {
		rules.lines = r.lines
	}
	var errs Errors
	for i := range r.lines {
		rule, err := parseLine(&r.lines[i], check)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		rules.rules = append(rules.rules, rule)
	}
	if len(errs) == 0 && len(rules.rules) == 0 {
		errs = Errors{{SQLSTATE: codeConfigFile, Message: `configuration file "` + path + `" contains no entries`}}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return rules, nil
}

// Warnings are about rules for connections that a node does not take, which has TLS or has it not.
func (r *Rules) Warnings(ssl bool) []*Error {
	var list []*Error
	for i := range r.rules {
		if w := r.rules[i].warning(ssl); w != nil {
			list = append(list, w)
		}
	}
	return list
}

func (r *Rule) warning(ssl bool) *Error {
	w := &Error{SQLSTATE: codeConfigFile, File: r.File, Line: r.Line}
	switch {
	case r.Type == HostSSL && !ssl:
		w.Message = "hostssl record cannot match because SSL is disabled"
		w.Hint = `Set "ssl = on" in postgresql.conf.`
	case r.Type == HostGSSEnc:
		w.Message = "hostgssenc record cannot match because GSSAPI is not supported by this build"
	default:
		return nil
	}
	return w
}

func wrong(message, hint string) *Error { return &Error{Message: message, Hint: hint} }

// fields hands out a line's fields one after another.
type fields struct {
	rest  []field
	check bool // regular expressions must compile
}

// next gives the next field, or says that the line ends before what.
func (f *fields) next(what string) (field, *Error) {
	if len(f.rest) == 0 {
		return nil, wrong("end-of-line before "+what, "")
	}
	first := f.rest[0]
	f.rest = f.rest[1:]
	return first, nil
}

// single gives the next field's only token.
func (f *fields) single(what, plural, hint string) (word, *Error) {
	field, err := f.next(what)
	if err != nil {
		return word{}, err
	}
	if len(field) > 1 {
		return word{}, wrong("multiple values specified for "+plural, hint)
	}
	return field[0], nil
}

// parseLine makes a rule of a line. An error becomes the line's.
func parseLine(l *line, check bool) (Rule, *Error) {
	rule := Rule{File: l.file, Line: l.number, Raw: l.raw}
	if l.err != nil {
		return rule, l.err
	}
	if err := rule.parse(&fields{l.fields, check}); err != nil {
		return rule, l.fail(err)
	}
	return rule, nil
}

func (r *Rule) parse(f *fields) *Error {
	first, err := f.single("connection type", "connection type", "Specify exactly one connection type per line.")
	if err != nil {
		return err
	}
	if r.Type, err = connType(first.text); err != nil {
		return err
	}
	if r.databases, err = f.names("database specification"); err != nil {
		return err
	}
	if r.users, err = f.names("role specification"); err != nil {
		return err
	}
	if r.Type != Local {
		if err := r.parseAddress(f); err != nil {
			return err
		}
	}
	method, err := f.single("authentication method", "authentication type", "Specify exactly one authentication type per line.")
	if err != nil {
		return err
	}
	if err := r.parseMethod(method.text); err != nil {
		return err
	}
	return r.parseOptions(f.rest)
}

func connType(text string) (ConnType, *Error) {
	t := slices.Index(connTypes[:], text)
	if t < 0 {
		return 0, wrong("invalid connection type \""+text+"\"", "")
	}
	return ConnType(t), nil
}

// names gives a list of databases or users.
func (f *fields) names(what string) ([]word, *Error) {
	list, err := f.next(what)
	if err != nil {
		return nil, err
	}
	names := make([]word, len(list))
	for i, w := range list {
		if names[i], err = withPattern(w, f.check); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (r *Rule) parseAddress(f *fields) *Error {
	w, err := f.single("IP address specification", "host address", "Specify one address range per line.")
	if err != nil {
		return err
	}
	switch {
	case w.is("all"):
		r.kind = addrAll
		return nil
	case w.is("samehost"):
		r.kind = addrSameHost
		return nil
	case w.is("samenet"):
		r.kind = addrSameNet
		return nil
	}
	host, bits, cidr := strings.Cut(w.text, "/")
	addr, ok := parseAddr(host)
	switch {
	case !ok && cidr:
		return wrong("specifying both host name and CIDR mask is invalid: \""+w.text+"\"", "")
	case !ok:
		r.kind, r.name = addrName, host
		return nil
	}
	r.kind, r.addr = addrMask, addr
	if cidr {
		return r.parseCIDR(bits, w.text)
	}
	return r.parseMask(f)
}

// parseAddr reads an address as the C library does.
func parseAddr(s string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.WithZone(""), true
	}
	return shortAddr(s)
}

// shortAddr reads IPv4's older forms: up to four numbers, decimal, octal or hexadecimal, the last of which fills what is
// left of the address.
func shortAddr(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, p := range parts {
		if p == "" || !isDigit(p[0]) || strings.ContainsAny(p, "_oObB") && !strings.HasPrefix(strings.ToLower(p), "0x") ||
			strings.Contains(p, "_") {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(p, 0, 32)
		size := 8
		if i == len(parts)-1 {
			size = 8 * (5 - len(parts))
		}
		if err != nil || n>>size != 0 {
			return netip.Addr{}, false
		}
		value = value<<size | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func (r *Rule) parseCIDR(bits, whole string) *Error {
	n, err := strconv.ParseUint(strings.TrimPrefix(bits, "+"), 10, 8)
	if err != nil || int(n) > r.addr.BitLen() {
		return wrong("invalid CIDR mask in address \""+whole+"\"", "")
	}
	mask := make([]byte, r.addr.BitLen()/8)
	for i := range int(n) {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	r.mask, _ = netip.AddrFromSlice(mask) // 4 or 16 bytes
	return nil
}

func (r *Rule) parseMask(f *fields) *Error {
	if len(f.rest) == 0 {
		return wrong("end-of-line before netmask specification",
			"Specify an address range in CIDR notation, or provide a separate netmask.")
	}
	w, err := f.single("netmask specification", "netmask", "")
	if err != nil {
		return err
	}
	mask, ok := parseAddr(w.text)
	if !ok {
		return wrong("invalid IP mask \""+w.text+"\": Name or service not known", "")
	}
	if mask.BitLen() != r.addr.BitLen() {
		return wrong("IP address and mask do not match", "")
	}
	r.mask = mask
	return nil
}
