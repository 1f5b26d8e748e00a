package views

import (
	"waypost/internal/sql"
)

// The major versions that there are columns for.
const (
	firstMajor = 15
	baseMajor  = 17 // whose columns are always there
	lastMajor  = 18
)

// Catalog makes the catalog of a node that says to be of the major version of PostgreSQL. A version that is not known
// counts as the nearest one that is, and 0, for a node that does not know yet, as 17.
func Catalog(major int) *sql.Catalog {
	if major == 0 {
		major = baseMajor
	}
	return sql.NewLazyCatalog(source{min(max(major, firstMajor), lastMajor)})
}

// source makes relations when they are asked for.
type source struct{ major int }

func (c source) Relation(schema, name string) *sql.Relation {
	for i := range ownRelations {
		if r := &ownRelations[i]; r.name == name && schema == ownSchema {
			return c.make(schema, r)
		}
	}
	if schema != pgCatalog {
		return nil
	}
	if r := rowOf(name); r != nil {
		return c.make(schema, r)
	}
	return nil
}

func (c source) ByOID(oid sql.OID) *sql.Relation {
	for i := range relationRows {
		if r := &relationRows[i]; r.oid == oid {
			return c.make(pgCatalog, r)
		}
	}
	for i := range ownRelations {
		if r := &ownRelations[i]; r.oid == oid {
			return c.make(ownSchema, r)
		}
	}
	return nil
}

// RoleName gives the name of a role.
func (c source) RoleName(call *sql.Call, oid sql.OID) (string, bool) {
	n, err := nodeOf(call)
	if err != nil {
		return "", false
	}
	if r := n.RoleSet().ByOID(uint32(oid)); r != nil {
		return r.Name, true
	}
	return "", false
}

// RoleOID finds a role by its name.
func (c source) RoleOID(call *sql.Call, name string) (sql.OID, bool) {
	n, err := nodeOf(call)
	if err != nil {
		return 0, false
	}
	if r := n.RoleSet().Find(name); r != nil {
		return sql.OID(r.OID), true
	}
	return 0, false
}

func (c source) All() []*sql.Relation {
	all := make([]*sql.Relation, 0, len(relationRows)+len(ownRelations))
	for i := range relationRows {
		all = append(all, c.make(pgCatalog, &relationRows[i]))
	}
	for i := range ownRelations {
		all = append(all, c.make(ownSchema, &ownRelations[i]))
	}
	return all
}

// The schemas of PostgreSQL's relations and of Waypost's own.
const (
	pgCatalog = "pg_catalog"
	ownSchema = "public"
)

func (c source) make(schema string, r *relationRow) *sql.Relation {
	rel := &sql.Relation{Schema: schema, Name: r.name, OID: r.oid, Columns: r.columnsOf(c.major), Table: r.kind == 'r'}
	v := viewOf(r.name)
	if _, restricted := readers(r.name); restricted {
		rel.Allow = r.allow
	}
	rel.Rows = func(call *sql.Call, need sql.Need) (sql.Cursor, error) {
		s, err := begin(call, c.major)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return sql.Slice(nil), nil
		}
		return s.run(v, rel.Columns, need)
	}
	return rel
}
