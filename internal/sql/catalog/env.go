package catalog

import (
	"strings"

	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// Env is what text input and output depend on in this execution.
func (c *Call) Env() *types.Env {
	if c.env == nil {
		c.env = &types.Env{
			Location: c.Location(), Now: c.Session.TransactionStart(),
			OIDName: c.oidName, NameOID: c.nameOID, Step: c.Step,
		}
	}
	return c.env
}

// oidName names the object of an OID, for the types whose output does so.
func (c *Call) oidName(t, oid types.OID) (string, bool) {
	switch t {
	case types.RegType:
		if pgcat.TypeByOID(oid) != nil {
			return pgcat.FormatType(oid, -1), true
		}
	case types.RegProc:
		if p := pgcat.ProcByOID(oid); p != nil {
			return p.Name(), true
		}
	case types.RegClass:
		if r := c.Catalog.RelationByOID(oid); r != nil {
			return QuoteIdent(r.Name), true
		}
	case types.RegNS:
		for _, s := range schemas {
			if s.oid == oid {
				return s.name, true
			}
		}
	case types.RegRole:
		if n, ok := c.Catalog.source.(RoleNamer); ok {
			name, found := n.RoleName(c, oid)
			return QuoteIdent(name), found
		}
	}
	return "", false
}

// schemas are the schemas that every PostgreSQL has, by their fixed OIDs.
var schemas = [...]struct {
	oid  types.OID
	name string
}{{11, PGCatalog}, {99, "pg_toast"}, {2200, Public}}

// nameOID finds the object of a name, for the types whose input does so.
func (c *Call) nameOID(t types.OID, text string) (types.OID, error) {
	name := strings.TrimPrefix(text, PGCatalog+".")
	name = foldIdent(name)
	switch t {
	case types.RegType:
		if oid, ok := pgcat.TypeBySQLName(strings.ToLower(text)); ok {
			return oid, nil
		}
		return 0, types.Errorf(types.CodeUndefinedObject, "type \"%s\" does not exist", text)
	case types.RegClass:
		schema, relation, qualified := strings.Cut(text, ".")
		if !qualified {
			schema, relation = "", text
		}
		if r := c.Catalog.Relation(foldIdent(schema), foldIdent(relation)); r != nil {
			return r.OID, nil
		}
		return 0, types.Errorf(types.CodeUndefinedTable, "relation \"%s\" does not exist", text)
	case types.RegProc:
		switch procs := pgcat.Procs(name); len(procs) {
		case 0:
		case 1:
			return procs[0].OID, nil
		default:
			return 0, types.Errorf(types.CodeAmbiguousFunction, "more than one function named \"%s\"", text)
		}
		return 0, types.Errorf(types.CodeUndefinedFunction, "function \"%s\" does not exist", text)
	case types.RegNS:
		for _, s := range schemas {
			if s.name == name {
				return s.oid, nil
			}
		}
		return 0, types.Errorf("3F000", "schema \"%s\" does not exist", text)
	}
	n, ok := c.Catalog.source.(RoleNamer)
	if t != types.RegRole || !ok {
		return 0, types.Errorf(types.CodeFeatureNotSupported, "a name of an object is not supported here")
	}
	if oid, found := n.RoleOID(c, name); found {
		return oid, nil
	}
	return 0, types.Errorf(types.CodeUndefinedObject, "role \"%s\" does not exist", name)
}

// foldIdent reads an identifier as SQL does.
func foldIdent(s string) string {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
	}
	return strings.ToLower(s)
}

// QuoteIdent quotes an identifier where it would not stand for itself.
func QuoteIdent(s string) string {
	plain := s != ""
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || r == '_' || i > 0 && (r >= '0' && r <= '9')) {
			plain = false
		}
	}
	if plain && !pgcat.Reserved(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
