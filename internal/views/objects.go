package views

import (
	"strings"

	"waypost/internal/controldata"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// The one database, and OIDs of PostgreSQL's that everything refers to.
const (
	databaseOID   = 5
	databaseName  = "postgres"
	defaultSpace  = 1663 // pg_default
	globalSpace   = 1664 // pg_global
	catalogSchema = 11   // pg_catalog
	toastSchema   = 99
	publicSchema  = 2200
	ownerRole     = 6171 // pg_database_owner
	owner         = int64(roles.BootstrapOID)
	encodingUTF8  = 6
)

var objectViews = [...]view{
	{
		"pg_database",
		"oid datname datdba encoding datlocprovider datistemplate datallowconn dathasloginevt datconnlimit datfrozenxid " +
			"datminmxid dattablespace datcollate datctype",
		func(s *scan) error {
			frozen, minMulti := sql.Value(nil), sql.Value(nil)
			if s.wants(9, 11) {
				// As of the last checkpoint: the node has no newer word of them.
				c, err := controldata.Read(s.DataDir)
				if err != nil {
					return failed(err)
				}
				frozen, minMulti = oidOf(c.CheckPointCopy.OldestXid), oidOf(c.CheckPointCopy.OldestMulti)
			}
			s.add(int64(databaseOID), databaseName, owner, int64(encodingUTF8), "c", false, true, false, int64(-1), frozen,
				minMulti, int64(defaultSpace), "C", "C")
			return nil
		},
	},
	{
		"pg_tablespace", "oid spcname spcowner",
		func(s *scan) error {
			s.add(int64(defaultSpace), "pg_default", owner)
			s.add(int64(globalSpace), "pg_global", owner)
			return nil
		},
	},
	{
		"pg_namespace", "oid nspname nspowner nspacl",
		func(s *scan) error {
			s.add(int64(catalogSchema), "pg_catalog", owner, schemaACL(s.userName(roles.BootstrapOID)))
			s.add(int64(toastSchema), "pg_toast", owner)
			s.add(int64(publicSchema), "public", int64(ownerRole), schemaACL(s.userName(ownerRole)))
			return nil
		},
	},
	{
		"pg_am", "oid amname amtype",
		func(s *scan) error {
			s.add(int64(2), "heap", "t")
			s.add(int64(403), "btree", "i")
			return nil
		},
	},
	{
		"pg_language", "oid lanname lanowner lanispl lanpltrusted lanplcallfoid laninline lanvalidator",
		func(s *scan) error {
			s.add(int64(12), "internal", owner, false, false, int64(0), int64(0), int64(2246))
			s.add(int64(13), "c", owner, false, false, int64(0), int64(0), int64(2247))
			s.add(int64(14), "sql", owner, false, true, int64(0), int64(0), int64(2248))
			return nil
		},
	},
	{
		"pg_collation", "oid collname collnamespace collowner collprovider collisdeterministic collencoding collcollate " +
			"collctype",
		func(s *scan) error {
			s.add(int64(100), "default", int64(catalogSchema), owner, "d", true, int64(-1))
			s.add(int64(cCollation), "C", int64(catalogSchema), owner, "c", true, int64(-1), "C", "C")
			s.add(int64(951), "POSIX", int64(catalogSchema), owner, "c", true, int64(-1), "POSIX", "POSIX")
			return nil
		},
	},
	{
		"pg_class",
		"oid relname relnamespace reltype reloftype relowner relam relfilenode reltablespace relpages reltuples " +
			"relallvisible relallfrozen reltoastrelid relhasindex relisshared relpersistence relkind relnatts relchecks " +
			"relhasrules relhastriggers relhassubclass relrowsecurity relforcerowsecurity relispopulated relreplident " +
			"relispartition relrewrite relfrozenxid relminmxid",
		func(s *scan) error {
			s.eachRelation(func(r *relation) {
				s.add(int64(r.OID), r.Name, r.namespace(), int64(0), int64(0), owner, r.am(), int64(0), int64(0), int64(0),
					float64(-1), int64(0), int64(0), int64(0), false, false, "p", r.kindText(), int64(len(r.Columns)),
					int64(0), r.kind == 'v', false, false, false, false, true, "n", false, int64(0), int64(0), int64(0))
			})
			return nil
		},
	},
	{
		"pg_attribute",
		"attrelid attname atttypid attlen attnum attcacheoff atttypmod attndims attbyval attalign attstorage " +
			"attcompression attnotnull atthasdef atthasmissing attidentity attgenerated attisdropped attislocal " +
			"attinhcount attcollation",
		func(s *scan) error {
			s.eachRelation(func(r *relation) {
				for i, c := range r.Columns {
					f := formOf(c.Type)
					if f.collation != 0 && r.kind == 'r' {
						f.collation = cCollation
					}
					s.add(int64(r.OID), c.Name, int64(c.Type), int64(f.len), int64(i+1), int64(-1), int64(-1),
						int64(f.dimensions), f.byValue, f.align, f.storage, "", r.row != nil && r.row.notNull(c.Name),
						false, false, "", "", false, true, int64(0), int64(f.collation))
				}
			})
			return nil
		},
	},
	{
		"pg_tables", "schemaname tablename tableowner hasindexes hasrules hastriggers rowsecurity",
		func(s *scan) error {
			s.eachRelation(func(r *relation) {
				if r.kind == 'r' {
					s.add(r.Schema, r.Name, s.userName(roles.BootstrapOID), false, false, false, false)
				}
			})
			return nil
		},
	},
	{
		"pg_views", "schemaname viewname viewowner",
		func(s *scan) error {
			s.eachRelation(func(r *relation) {
				if r.kind == 'v' {
					s.add(r.Schema, r.Name, s.userName(roles.BootstrapOID))
				}
			})
			return nil
		},
	},
	{
		"pg_type",
		"oid typname typnamespace typowner typlen typbyval typtype typcategory typispreferred typisdefined typdelim " +
			"typrelid typsubscript typelem typarray typinput typoutput typreceive typsend typmodin typmodout typanalyze " +
			"typalign typstorage typnotnull typbasetype typtypmod typndims typcollation",
		func(s *scan) error {
			all := pgcat.Types()
			for i := range all {
				s.addType(&all[i])
			}
			return nil
		},
	},
	{
		"pg_proc",
		"oid proname pronamespace proowner prolang procost prorows provariadic prosupport prokind prosecdef proleakproof " +
			"proisstrict proretset provolatile proparallel pronargs pronargdefaults prorettype proargtypes prosrc",
		func(s *scan) error {
			all := pgcat.AllProcs()
			for i := range all {
				s.addProc(&all[i])
			}
			return nil
		},
	},
	{
		"pg_operator",
		"oid oprname oprnamespace oprowner oprkind oprcanmerge oprcanhash oprleft oprright oprresult oprcom oprnegate " +
			"oprcode oprrest oprjoin",
		func(s *scan) error {
			all := pgcat.AllOperators()
			for i := range all {
				o, kind := &all[i], "b"
				if o.Left == 0 {
					kind = "l"
				}
				s.add(int64(o.OID), o.Name(), int64(catalogSchema), owner, kind, false, false, int64(o.Left),
					int64(o.Right), int64(o.Result), int64(0), int64(0), procOID(o.Proc()), int64(0), int64(0))
			}
			return nil
		},
	},
	{
		"pg_cast", "castsource casttarget castfunc castcontext castmethod",
		func(s *scan) error {
			all := pgcat.Casts()
			for i := range all {
				c := &all[i]
				s.add(int64(c.Source), int64(c.Target), procOID(c.Proc()), string(c.Context), string(c.Method))
			}
			return nil
		},
	},
}

// schemaACL says that everybody may use a schema, and its owner create in it.
func schemaACL(owner sql.Value) sql.Value {
	name, _ := owner.(string)
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		name = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	}
	return types.FromStrings(types.AclItem, []string{name + "=UC/" + name, "=U/" + name})
}

// relation is one of the catalog's own relations, for the catalogs that describe them.
type relation struct {
	*sql.Relation
	kind byte
	row  *relationRow // nil for Waypost's own
}

func (s *scan) eachRelation(row func(r *relation)) {
	for _, r := range s.call.Catalog.Relations() {
		kind, known := byte('v'), rowOf(r.Name)
		if known != nil {
			kind = known.kind
		}
		row(&relation{r, kind, known})
	}
}

func (r *relation) namespace() sql.Value {
	if r.Schema == ownSchema {
		return int64(publicSchema)
	}
	return int64(catalogSchema)
}

func (r *relation) kindText() string { return string(r.kind) }

func (r *relation) am() sql.Value {
	if r.kind == 'r' {
		return int64(2)
	}
	return int64(0)
}

// cCollation is collation "C", which names have.
const cCollation = 950

// form is how values of a type are laid out.
type form struct {
	len, dimensions int
	byValue         bool
	align, storage  string
	collation       int
}

func formOf(oid sql.OID) form {
	t := pgcat.TypeByOID(oid)
	if t == nil {
		return form{len: -1, align: "i", storage: "x"}
	}
	f := form{len: int(t.Len), align: alignOf(t), storage: "p", collation: collationOf(oid)}
	f.byValue = f.len == 1 || f.len == 2 || f.len == 4 || f.len == 8 && t.Category != 'G' && oid != 774 && oid != 829
	if f.len == -1 {
		f.storage = "x"
		if oid == types.Numeric || oid == types.Inet || oid == types.Cidr {
			f.storage = "m"
		}
		if t.Elem != 0 {
			f.dimensions = 1
		}
	}
	return f
}

// alignOf is typalign: an array's is that of its elements, but not less than an integer's.
func alignOf(t *pgcat.Type) string {
	switch t.Len {
	case 1, -2, 64:
		return "c"
	case 2:
		return "s"
	case 8, 12, 16:
		if t.OID == uuid {
			return "c"
		}
		return "d"
	case -1:
		if e := pgcat.TypeByOID(t.Elem); e != nil && alignOf(e) == "d" {
			return "d"
		}
	}
	return "i"
}

const uuid sql.OID = 2950

func collationOf(oid sql.OID) int {
	switch oid {
	case types.Text, types.BPChar, types.VarChar, types.TextArray, types.VarCharArray, 1014, types.NodeTree:
		return 100
	case types.Name, types.NameArray:
		return cCollation
	}
	return 0
}

func (s *scan) addType(t *pgcat.Type) {
	f, name := formOf(t.OID), t.Name()
	subscript, functions := int64(0), name
	if t.Len == -1 && t.Category == 'A' && t.Kind == 'b' && t.OID != types.Int2Vector && t.OID != types.OidVector {
		subscript, functions = procLike("array_subscript", "handler"), "array"
	}
	s.add(int64(t.OID), name, int64(catalogSchema), owner, int64(t.Len), f.byValue, string(t.Kind), string(t.Category),
		t.Preferred, true, ",", int64(0), subscript, int64(t.Elem), int64(t.Array), procLike(functions, "in"),
		procLike(functions, "out"), procLike(functions, "recv"), procLike(functions, "send"), int64(0), int64(0), int64(0),
		f.align, f.storage, false, int64(0), int64(-1), int64(0), int64(f.collation))
}

// procLike finds a type's input function or the like, which is called after it, with a line between or without; 0 if
// there is none.
func procLike(name, what string) int64 {
	for _, n := range [...]string{name + what, name + "_" + what} {
		if p := pgcat.Procs(n); len(p) > 0 {
			return int64(p[0].OID)
		}
	}
	return 0
}

func procOID(p *pgcat.Proc) int64 {
	if p == nil {
		return 0
	}
	return int64(p.OID)
}

func (s *scan) addProc(p *pgcat.Proc) {
	args, rows := &types.Array{Elem: types.Oid}, float64(0)
	for _, a := range p.Args() {
		args.Vals = append(args.Vals, int64(a))
	}
	if p.Set {
		rows = 1000
	}
	s.add(int64(p.OID), p.Name(), int64(catalogSchema), owner, int64(12), float64(p.Cost), rows, int64(p.Variadic),
		int64(0), string(p.Kind), false, false, p.Strict, p.Set, string(p.Volatility), "s", int64(len(args.Vals)),
		int64(p.NDefaults), int64(p.Result), args, p.Source())
}
