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
	if text, ok := r.open(path, "configuration file", "", 0, 0); ok {
		r.read(text, path, 0)
	}
	return r.rules(path)
}

// Parse is Load of a text that stands for the file at path.
func Parse(text, path string) (*Rules, error) {
	var r reader
	r.read(text, path, 0)
	return r.rules(path)
}

func (r *reader) rules(path string) (*Rules, error) {
	rules := &Rules{Skipped: r.skipped}
	for _, l := range r.lines {
		rule, err := parseLine(l)
		if err != nil {
			err.SQLSTATE, err.File, err.Line = codeConfigFile, l.file, l.number
			r.errs = append(r.errs, err)
			continue
		}
		rules.rules = append(rules.rules, rule)
		if w := warning(&rule); w != nil {
			rules.Warnings = append(rules.Warnings, w)
		}
	}
	if len(r.errs) == 0 && len(rules.rules) == 0 {
		r.fail(path, 0, "configuration file \""+path+"\" contains no entries")
	}
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return rules, nil
}

// warning is about a rule for connections that this node does not take.
func warning(r *Rule) *Error {
	var what string
	switch r.Type {
	case HostSSL:
		what = "SSL is disabled"
	case HostGSSEnc:
		what = "GSSAPI is not supported by this build"
	default:
		return nil
	}
	return &Error{SQLSTATE: codeConfigFile, File: r.File, Line: r.Line, Message: r.Type.String() + " record cannot match because " + what}
}

func wrong(message, hint string) *Error { return &Error{Message: message, Hint: hint} }

// fields hands out a line's fields one after another.
type fields struct{ rest []field }

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

func parseLine(l line) (Rule, *Error) {
	f := fields{l.fields}
	rule := Rule{File: l.file, Line: l.number}
	first, err := f.single("connection type", "connection type", "Specify exactly one connection type per line.")
	if err != nil {
		return rule, err
	}
	if rule.Type, err = connType(first.text); err != nil {
		return rule, err
	}
	if rule.databases, err = f.names("database specification"); err != nil {
		return rule, err
	}
	if rule.users, err = f.names("role specification"); err != nil {
		return rule, err
	}
	if rule.Type != Local {
		if err := rule.parseAddress(&f); err != nil {
			return rule, err
		}
	}
	method, err := f.single("authentication method", "authentication type", "Specify exactly one authentication type per line.")
	if err != nil {
		return rule, err
	}
	if rule.Method, err = parseMethod(method.text); err != nil {
		return rule, err
	}
	return rule, checkOptions(f.rest, method.text)
}

func connType(text string) (ConnType, *Error) {
	for t, name := range connTypes {
		if name == text {
			return ConnType(t), nil
		}
	}
	return 0, wrong("invalid connection type \""+text+"\"", "")
}

// names gives a list of databases or users.
func (f *fields) names(what string) ([]word, *Error) {
	list, err := f.next(what)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if strings.HasPrefix(w.text, "/") {
			return nil, wrong("regular expression \""+w.text+"\" in "+what+" is not supported", "Write the names out.")
		}
	}
	return list, nil
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
	addr, parseErr := netip.ParseAddr(host)
	switch {
	case parseErr != nil && cidr:
		return wrong("specifying both host name and CIDR mask is invalid: \""+w.text+"\"", "")
	case parseErr != nil:
		r.kind, r.name = addrName, host
		return nil
	}
	r.kind, r.addr = addrMask, addr.WithZone("")
	if cidr {
		return r.parseCIDR(bits, w.text)
	}
	return r.parseMask(f)
}

func (r *Rule) parseCIDR(bits, whole string) *Error {
	n, err := strconv.ParseUint(bits, 10, 8)
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
		return wrong("end-of-line before netmask specification", "Specify an address range in CIDR notation, or provide a separate netmask.")
	}
	w, err := f.single("netmask specification", "netmask", "")
	if err != nil {
		return err
	}
	mask, parseErr := netip.ParseAddr(w.text)
	if parseErr != nil {
		return wrong("invalid IP mask \""+w.text+"\"", "")
	}
	if mask.BitLen() != r.addr.BitLen() {
		return wrong("IP address and mask do not match", "")
	}
	r.mask = mask
	return nil
}

func parseMethod(text string) (Method, *Error) {
	for _, m := range methods {
		switch {
		case m.name != text:
		case m.there:
			return m.method, nil
		default:
			return 0, wrong("invalid authentication method \""+text+"\": not supported by this build", "Waypost knows trust and reject.")
		}
	}
	return 0, wrong("invalid authentication method \""+text+"\"", "")
}

// options are the names of PostgreSQL's options; none goes with trust or reject on a node without TLS.
var options = [...]string{"map", "clientcert", "clientname", "pamservice", "pam_use_hostname", "ldapurl", "ldaptls", "ldapscheme",
	"ldapserver", "ldapport", "ldapbinddn", "ldapbindpasswd", "ldapsearchattribute", "ldapsearchfilter", "ldapbasedn", "ldapprefix",
	"ldapsuffix", "krb_realm", "include_realm", "compat_realm", "upn_username", "radiusservers", "radiusports", "radiussecrets",
	"radiusidentifiers", "issuer", "scope", "validator", "delegate_ident_mapping"}

func checkOptions(rest []field, method string) *Error {
	if len(rest) == 0 {
		return nil
	}
	name, _, ok := strings.Cut(rest[0][0].text, "=")
	switch {
	case !ok:
		return wrong("authentication option not in name=value format: "+name, "")
	case slices.Contains(options[:], name):
		return wrong("authentication option \""+name+"\" is not valid for authentication method \""+method+"\"", "")
	}
	return wrong("unrecognized authentication option name: \""+name+"\"", "")
}
