package nodeinit

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/roles"
)

// FirstRole is the superuser that a node begins with, and how the node's own machine is let in.
type FirstRole struct {
	Name   string // "": the operating system's user
	PwFile string // a file whose first line is the password
	// Prompt asks for the password; nil: there is none to ask for.
	Prompt func(prompt string) (string, error)

	Auth, AuthLocal, AuthHost string // methods of pg_hba.conf; "": see methods
}

// The methods that a new pg_hba.conf can have. Those that need more than a word are for the DBA to write.
func localMethods() []string {
	return []string{"trust", "reject", "scram-sha-256", "md5", "password", "peer"}
}
func hostMethods() []string { return []string{"trust", "reject", "scram-sha-256", "md5", "password"} }

// needsPassword says whether nobody gets in by the method without a password.
func needsPassword(method string) bool {
	return method == "scram-sha-256" || method == "md5" || method == "password"
}

func (f *FirstRole) hasPassword() bool { return f.PwFile != "" || f.Prompt != nil }

// methods decides on pg_hba.conf's methods. Nothing said is what initdb makes of it, trust; but who gives a password wants
// it to be asked for.
func (f *FirstRole) methods() (local, host string, err error) {
	local, host = f.AuthLocal, f.AuthHost
	if local == "" {
		local = f.Auth
	}
	if host == "" {
		host = f.Auth
	}
	standard := "trust"
	if f.hasPassword() {
		standard = "scram-sha-256"
	}
	if local == "" {
		local = standard
	}
	if host == "" {
		host = standard
	}
	if local == "ident" {
		local = "peer" // as initdb
	}
	for _, m := range [...]struct {
		method, kind string
		known        []string
	}{{local, "local", localMethods()}, {host, "host", hostMethods()}} {
		if !slices.Contains(m.known, m.method) {
			return "", "", &Error{Message: fmt.Sprintf("invalid authentication method %q for %q connections", m.method, m.kind),
				Hint: fmt.Sprintf("It can be one of %s.", strings.Join(m.known, ", "))}
		}
	}
	if (needsPassword(local) || needsPassword(host)) && !f.hasPassword() {
		return "", "", &Error{Message: "must specify a password for the superuser to enable password authentication",
			Hint: "Use --pwfile or --pwprompt."}
	}
	return local, host, nil
}

// name is the role's, by default the operating system's user's.
func (f *FirstRole) name() (string, error) {
	if f.Name == "" {
		u, err := user.Current()
		if err != nil {
			return "", fmt.Errorf("find out who is running this: %w", err)
		}
		return u.Username, nil
	}
	return f.Name, nil
}

// password gives the password as it was typed, "" for none.
func (f *FirstRole) password() (string, error) {
	switch {
	case f.PwFile != "":
		return readPassword(f.PwFile)
	case f.Prompt == nil:
		return "", nil
	}
	first, err := f.Prompt("Enter new superuser password: ")
	if err != nil {
		return "", err
	}
	again, err := f.Prompt("Enter it again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", &Error{Message: "Passwords didn't match."}
	}
	if first == "" {
		return "", &Error{Message: "the password is empty"}
	}
	return first, nil
}

func readPassword(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", &Error{Message: fmt.Sprintf("could not open file %q for reading: %v", path, errors.Unwrap(err)), Err: err}
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 64<<10)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", &Error{Message: fmt.Sprintf("could not read password from file %q: %v", path, err), Err: err}
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", &Error{Message: fmt.Sprintf("password file %q is empty", path)}
	}
	return line, nil
}

// firstRole is what prepare has made of FirstRole.
type firstRole struct {
	name, password string
	local, host    string
	md5            bool
	iterations     int
}

func (f *FirstRole) prepare(s *settings) (*firstRole, error) {
	p := &firstRole{}
	var err error
	if p.local, p.host, err = f.methods(); err != nil {
		return nil, err
	}
	if p.name, err = f.name(); err != nil {
		return nil, err
	}
	if err := roles.CheckName(p.name); err != nil {
		return nil, &Error{Message: fmt.Sprintf("superuser name %q is disallowed", p.name), Detail: err.Message,
			Hint: "Name another one with -U.", Err: err}
	}
	// A client that can do MD5 only is why somebody asks for it.
	if (p.local == "md5" || p.host == "md5") && p.local != "scram-sha-256" && p.host != "scram-sha-256" {
		if err := s.setDefault(guc.PasswordEncryption, "md5"); err != nil {
			return nil, err
		}
	}
	p.md5 = s.checked.Text(guc.PasswordEncryption) == "md5"
	p.iterations = s.checked.Int(guc.ScramIterations)
	p.password, err = f.password()
	return p, err
}

// make writes the role into the data directory.
func (p *firstRole) make(dir string) error {
	ctx := context.Background()
	verifier, err := roles.NewVerifier(ctx, p.password, p.name, p.md5, p.iterations, random)
	if err != nil {
		return err
	}
	return roles.Create(ctx, dir, p.name, verifier)
}

func random(b []byte) error {
	_, err := rand.Read(b)
	return err
}

// trusts says whether somebody on this machine gets in without proving who they are.
func (p *firstRole) trusts() bool { return p.local == "trust" || p.host == "trust" }

// Prompt asks at the terminal, without showing the answer.
func Prompt(prompt string) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", &Error{Message: "there is no terminal to ask for a password at", Hint: "Use --pwfile.", Err: err}
	}
	defer tty.Close()
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return "", fmt.Errorf("look at the terminal: %w", err)
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return "", fmt.Errorf("turn the terminal's echo off: %w", err)
	}
	defer unix.IoctlSetTermios(fd, unix.TCSETS, before)
	fmt.Fprint(tty, prompt)
	line, err := bufio.NewReader(tty).ReadString('\n')
	fmt.Fprintln(tty)
	if err != nil {
		return "", fmt.Errorf("read a password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
