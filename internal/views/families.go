package views

import "waypost/internal/sql"

// viewOf finds what gives a relation's rows; nil for one that is always empty.
func viewOf(name string) *view {
	for _, family := range [...][]view{
		activityViews[:], replicationViews[:], counterViews[:], roleViews[:], objectViews[:], sessionViews[:],
	} {
		for i := range family {
			if family[i].name == name {
				return &family[i]
			}
		}
	}
	return nil
}

func allFunctions() []*sql.Function {
	var all []*sql.Function
	for _, family := range [...][]sql.Function{} {
		for i := range family {
			all = append(all, &family[i])
		}
	}
	return all
}
