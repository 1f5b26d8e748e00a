// Package hba reads pg_hba.conf as PostgreSQL 17 does and finds the rule that a client falls under. It decides
// nothing further: what a rule's method asks of the client is the backend's business. It never logs.
//
// The file is lines of
//
//	local                                                    database user method [option…]
//	host|hostssl|hostnossl|hostgssenc|hostnogssenc database user address [mask] method [option…]
//	include|include_if_exists|include_dir path
//
// Fields stand between blanks; database and user are lists with commas. Double quotes take a keyword's meaning
// (all, sameuser, samerole, replication) away; @file stands for what is in that file; # begins a comment; a
// backslash at the end of a line continues it. The first rule that fits holds. (PostgreSQL: libpq/hba.c; manual,
// "The pg_hba.conf File".)
//
// Not here yet, and refused by name when the file is read: every method but trust and reject, and regular
// expressions (/…) for databases and users. A node without roles knows no membership: +name and samerole mean the
// name itself.
package hba

import (
	"net/netip"
	"strings"
)

// ConnType is the kind of connection that a rule is for.
type ConnType uint8

// The kinds.
const (
	Local        ConnType = iota // Unix-domain socket
	Host                         // TCP, encrypted or not
	HostSSL                      // TCP with TLS
	HostNoSSL                    // TCP without TLS
	HostGSSEnc                   // TCP with GSSAPI encryption
	HostNoGSSEnc                 // TCP without GSSAPI encryption
	numConnTypes = iota
)

// String gives the word that stands in the file.
func (t ConnType) String() string { return connTypes[t] }

var connTypes = [numConnTypes]string{"local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"}

// Method is what a rule asks of the client.
type Method uint8

// The methods that are there.
const (
	Reject Method = iota // refuse it
	Trust                // believe it
)

// String gives the word that stands in the file.
func (m Method) String() string {
	for _, known := range methods {
		if known.there && known.method == m {
			return known.name
		}
	}
	return "unknown"
}

// methods is every method of PostgreSQL, and whether it is there.
var methods = [...]struct {
	name   string
	method Method
	there  bool
}{
	{"trust", Trust, true}, {"reject", Reject, true},
	{name: "scram-sha-256"}, {name: "md5"}, {name: "password"}, {name: "peer"}, {name: "ident"}, {name: "cert"},
	{name: "gss"}, {name: "sspi"}, {name: "ldap"}, {name: "radius"}, {name: "pam"}, {name: "bsd"}, {name: "oauth"},
}

// word is one token of a list, and whether it stood in quotes.
type word struct {
	text   string
	quoted bool
}

func (w word) is(keyword string) bool { return !w.quoted && w.text == keyword }

// addrKind is the form of a rule's address.
type addrKind uint8

const (
	addrAll addrKind = iota
	addrMask
	addrSameHost
	addrSameNet
	addrName
)

// Rule is one line of the file.
type Rule struct {
	Type   ConnType
	Method Method
	File   string
	Line   int // the first, of a continued one

	databases, users []word
	kind             addrKind
	addr, mask       netip.Addr // addrMask
	name             string     // addrName: a host name, or a domain with a dot before it
}

// Rules is a file that was read whole. It is not changed afterwards and may be shared.
type Rules struct {
	rules []Rule

	// Warnings are about rules that can never fit on this node.
	Warnings []*Error
	// Skipped are the files of include_if_exists that are not there.
	Skipped []string
}

// Len is the number of rules.
func (r *Rules) Len() int { return len(r.rules) }

// Client is what a rule is chosen by.
type Client struct {
	Local       bool       // came by a Unix-domain socket
	Addr        netip.Addr // where it came from, unless Local
	SSL, GSS    bool       // how the connection is encrypted
	Database    string
	User        string
	Replication bool // physical replication: only the keyword replication fits, whatever Database says

	// Resolver is asked only if a rule names hosts, Interfaces only by samehost and samenet. Nil asks the system.
	Resolver   Resolver
	Interfaces func() ([]netip.Prefix, error)
}

// Match gives the first rule that fits, or nil.
func (r *Rules) Match(c *Client) *Rule {
	m := matcher{c: c, addr: c.Addr.Unmap().WithZone("")}
	for i := range r.rules {
		if m.fits(&r.rules[i]) {
			return &r.rules[i]
		}
	}
	return nil
}

func (r *Rule) admitsType(c *Client) bool {
	if c.Local || r.Type == Local {
		return c.Local && r.Type == Local
	}
	switch r.Type {
	case HostSSL:
		return c.SSL
	case HostNoSSL:
		return !c.SSL
	case HostGSSEnc:
		return c.GSS
	case HostNoGSSEnc:
		return !c.GSS
	}
	return true
}

func (r *Rule) admitsDatabase(c *Client) bool {
	for _, w := range r.databases {
		switch {
		case c.Replication:
			if w.is("replication") {
				return true
			}
		case w.is("all"):
			return true
		case w.is("sameuser"), w.is("samerole"), w.is("samegroup"):
			if c.Database == c.User {
				return true
			}
		case w.is("replication"):
		case w.text == c.Database:
			return true
		}
	}
	return false
}

func (r *Rule) admitsUser(c *Client) bool {
	for _, w := range r.users {
		if !w.quoted && strings.HasPrefix(w.text, "+") {
			if w.text[1:] == c.User {
				return true
			}
		} else if w.is("all") || w.text == c.User {
			return true
		}
	}
	return false
}
