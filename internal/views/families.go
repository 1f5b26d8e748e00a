package views

import (
	"strings"

	"waypost/internal/sql"
)

func viewFamilies() [8][]view {
	return [...][]view{
		activityViews[:], replicationViews[:], counterViews[:], roleViews[:], objectViews[:], sessionViews[:],
		settingViews[:], processViews[:],
	}
}

// viewOf finds what gives a relation's rows; nil for one that is always empty.
func viewOf(name string) *view {
	for _, family := range viewFamilies() {
		for i := range family {
			if family[i].name == name {
				return &family[i]
			}
		}
	}
	return nil
}

func functionFamilies() [11][]function {
	return [...][]function{
		recoveryFunctions[:], walFunctions[:], controlFunctions[:], fileFunctions[:], signalFunctions[:],
		connectionFunctions[:], objectFunctions[:], privilegeFunctions[:], counterFunctions[:], transactionFunctions[:],
		refusedFunctions[:],
	}
}

func (c source) Functions(name string) (found []*sql.Function) {
	for _, family := range functionFamilies() {
		for i := range family {
			if f := &family[i]; f.called(name) {
				found = append(found, f.of(name, c.major))
			}
		}
	}
	for _, f := range [...]*sql.Function{c.rowsOf(name), c.columnOf(name)} {
		if f != nil {
			found = append(found, f)
		}
	}
	return found
}

// called says whether it is a body of the function of that name.
func (f *function) called(name string) bool {
	for n := range strings.FieldsSeq(f.names) {
		if n == name {
			return true
		}
	}
	return false
}
