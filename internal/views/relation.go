package views

import (
	"sort"
	"strconv"
	"strings"

	"waypost/internal/sql"
)

// relationRow is one relation as the versions have it. Columns stand with blanks between, as name:type or
// name:type:versions, where versions is a mask: bit 0 for 15, bit 1 for 16 and so on; without it, all of them. A name with
// an exclamation mark is of a column that is never NULL.
type relationRow struct {
	name    string
	oid     sql.OID // as in 17; of views, which have none of their own, one that is free there
	kind    byte    // relkind
	columns string
}

// rowOf finds one of PostgreSQL's relations, or gives nil.
func rowOf(name string) *relationRow {
	i := sort.Search(len(relationRows), func(i int) bool { return relationRows[i].name >= name })
	if i < len(relationRows) && relationRows[i].name == name {
		return &relationRows[i]
	}
	return nil
}

// columnsOf gives the columns that a version has, and then those that only 17 has.
func (r *relationRow) columnsOf(major int) []sql.Column {
	out := make([]sql.Column, 0, strings.Count(r.columns, " ")+1)
	for field := range strings.SplitSeq(r.columns, " ") {
		if c, mask := parseColumn(field); mask&(1<<(major-firstMajor)) != 0 {
			out = append(out, c)
		}
	}
	if len(out) == 0 && major != lastMajor && r.only(lastMajor) {
		return r.columnsOf(lastMajor)
	}
	own := len(out)
	for field := range strings.SplitSeq(r.columns, " ") {
		c, mask := parseColumn(field)
		if mask&(1<<(baseMajor-firstMajor)) != 0 && indexOf(out[:own], c.Name) < 0 {
			out = append(out, c)
		}
	}
	return out
}

// only says whether no version but one has the relation.
func (r *relationRow) only(major int) bool {
	for field := range strings.SplitSeq(r.columns, " ") {
		if _, mask := parseColumn(field); mask != 1<<(major-firstMajor) {
			return false
		}
	}
	return true
}

func parseColumn(field string) (sql.Column, int) {
	name, rest, _ := strings.Cut(field, ":")
	name = strings.TrimSuffix(name, "!")
	typ, versions, _ := strings.Cut(rest, ":")
	oid, _ := strconv.Atoi(typ)
	mask := 1<<(lastMajor-firstMajor+1) - 1
	if versions != "" {
		mask, _ = strconv.Atoi(versions)
	}
	return sql.Column{Name: name, Type: sql.OID(oid)}, mask
}

// notNull says whether a column is never NULL in any version that has it.
func (r *relationRow) notNull(column string) bool {
	return strings.HasPrefix(r.columns, column+"!:") || strings.Contains(r.columns, " "+column+"!:")
}

func indexOf(columns []sql.Column, name string) int {
	for i := range columns {
		if columns[i].Name == name {
			return i
		}
	}
	return -1
}
