package roles

import (
	"context"
	"fmt"
	"time"

	"waypost/internal/scram"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// options are those of one CREATE or ALTER ROLE, each at most once.
type options struct {
	given map[string]*ast.RoleOption
}

// byKeyword gives the attribute that a boolean option sets.
func (r *Role) byKeyword(keyword string) *bool {
	switch keyword {
	case "superuser":
		return &r.Superuser
	case "inherit":
		return &r.Inherit
	case "createrole":
		return &r.CreateRole
	case "createdb":
		return &r.CreateDB
	case "canlogin":
		return &r.Login
	case "isreplication":
		return &r.Replication
	case "bypassrls":
		return &r.BypassRLS
	}
	return nil
}

func (x *exec) options(list []ast.RoleOption) (*options, error) {
	o := &options{given: make(map[string]*ast.RoleOption)}
	for i := range list {
		given := &list[i]
		if given.Name == "sysid" {
			x.notice(protocol.SeverityNotice, "SYSID can no longer be specified")
			continue
		}
		if o.given[given.Name] != nil {
			e := types.Errorf(types.CodeSyntax, "conflicting or redundant options")
			e.Position = x.position(given.At)
			return nil, e
		}
		o.given[given.Name] = given
	}
	if limit := o.given["connectionlimit"]; limit != nil && limit.Int < -1 {
		return nil, types.Errorf(types.CodeInvalidParameter, "invalid connection limit: %d", limit.Int)
	}
	return o, nil
}

func (o *options) has(name string) bool { return o.given[name] != nil }

// on says whether a boolean option is given as true.
func (o *options) on(name string) bool { return o.has(name) && o.given[name].Bool }

func (o *options) roles(name string) []ast.RoleRef {
	if !o.has(name) {
		return nil
	}
	return o.given[name].Roles
}

// apply gives r what the options say, but for memberships.
func (x *exec) apply(o *options, r *Role) error {
	for keyword, given := range o.given {
		if attribute := r.byKeyword(keyword); attribute != nil {
			*attribute = given.Bool
		}
	}
	if limit := o.given["connectionlimit"]; limit != nil {
		r.ConnLimit = int(limit.Int)
	}
	if until := o.given["validUntil"]; until != nil {
		if err := x.setValidUntil(r, until.Text); err != nil {
			return err
		}
	}
	if password := o.given["password"]; password != nil {
		return x.setPassword(r, password)
	}
	return nil
}

func (x *exec) setValidUntil(r *Role, text string) error {
	v, err := x.env.Types.ParseText(text, types.TimestampTz, -1)
	if err != nil {
		return err
	}
	r.SetValidUntil(v.(types.Instant))
	return nil
}

// SetValidUntil takes VALID UNTIL over from a timestamptz.
func (r *Role) SetValidUntil(at types.Instant) {
	r.ValidUntil, r.Validity = time.Time{}, ValidUntilTime
	switch at {
	case types.InstantInfinity:
		r.Validity = ValidInfinity
	case types.InstantMinusInfinity:
		r.Validity = ValidNegInfinity
	default:
		r.ValidUntil = timeOf(int64(at))
	}
}

// maxVerifier is the longest verifier that is stored, bytes (MAX_ENCRYPTED_PASSWORD_LEN).
const maxVerifier = 512

// setPassword stores a password as a verifier; a verifier is stored as it is.
func (x *exec) setPassword(r *Role, option *ast.RoleOption) error {
	if option.Null {
		r.Password = ""
		return nil
	}
	if err := iterationsFit(option.Text, x.env); err != nil {
		return err
	}
	verifier, err := x.remember(option.Text, r.Name)
	if err != nil {
		return err
	}
	if verifier == "" {
		// Clients do not agree on whether an empty password is one.
		x.notice(protocol.SeverityNotice, "empty string is not a valid password, clearing password")
	}
	if len(verifier) > maxVerifier {
		return types.Errorf(codeLimitExceeded, "encrypted password is too long").
			WithDetail("Encrypted passwords must be no longer than %d bytes.", maxVerifier)
	}
	r.Password = verifier
	return nil
}

// remember makes a verifier once for both runs of a statement.
func (x *exec) remember(password, role string) (string, error) {
	key := [2]string{role, password}
	if v, ok := x.verifiers[key]; ok {
		return v, nil
	}
	v, err := NewVerifier(x.ctx, password, role, x.env.MD5, x.env.Iterations, x.env.Random)
	if err != nil {
		return "", err
	}
	if x.verifiers == nil {
		x.verifiers = make(map[[2]string]string)
	}
	x.verifiers[key] = v
	return v, nil
}

// NewVerifier gives what is stored of a role's password, which itself may be a verifier: "" for the empty password. The
// error is ctx's or random's.
func NewVerifier(ctx context.Context, password, role string, md5 bool, iterations int,
	random func([]byte) error) (string, error) {
	if empty, err := isEmpty(ctx, password, role); empty || err != nil {
		return "", err
	}
	switch {
	case scram.KindOf(password) != scram.Plain:
		return password, nil
	case md5:
		return scram.NewMD5(password, role), nil
	}
	salt := make([]byte, scram.SaltLen)
	if err := random(salt); err != nil {
		return "", fmt.Errorf("generate a random salt: %w", err)
	}
	v, err := scram.New(ctx, password, salt, iterations)
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

// isEmpty says whether a text given as a password is the empty one, or its verifier.
func isEmpty(ctx context.Context, text, role string) (bool, error) {
	switch scram.KindOf(text) {
	case scram.MD5:
		return scram.MD5Verifies(text, "", role), nil
	case scram.SCRAM:
		v, _ := scram.Parse(text)
		return v.Matches(ctx, "")
	}
	return text == "", nil
}
