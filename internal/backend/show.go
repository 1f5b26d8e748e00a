package backend

import (
	"strings"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// showColumns are the columns of SHOW.
func (t *tcop) showColumns(name string) ([]sql.ResultColumn, error) {
	if strings.EqualFold(name, "all") {
		return []sql.ResultColumn{textColumn("name"), textColumn("setting"), textColumn("description")}, nil
	}
	canonical, _, err := t.setting(name)
	if err != nil {
		return nil, err
	}
	return []sql.ResultColumn{textColumn(canonical)}, nil
}

// show gives the rows of SHOW.
func (t *tcop) show(name string) (source, error) {
	if !strings.EqualFold(name, "all") {
		_, value, err := t.setting(name)
		if err != nil {
			return nil, err
		}
		return &rowsThere{[][]types.Value{{value}}}, nil
	}
	var rows [][]types.Value
	for _, s := range t.P.Settings.ShowAll(t.Major(), t.privileges()) {
		value := s.Text
		if own, found := t.characteristic(s.Name); found {
			value = own
		}
		rows = append(rows, []types.Value{s.Name, value, s.Description})
	}
	return &rowsThere{rows}, nil
}

// setting gives a setting's name as the table spells it, and its value.
func (t *tcop) setting(name string) (canonical, value string, err error) {
	if value, found := t.characteristic(name); found {
		return strings.ToLower(name), value, nil
	}
	return t.P.Settings.ShowTo(name, t.privileges())
}

// Show answers the replication command SHOW, CommandComplete included.
func (s *Session) Show(name string) error {
	t := s.sqlNow()
	columns, err := t.showColumns(name)
	if err != nil {
		return err
	}
	rows, err := t.show(name)
	if err != nil {
		return err
	}
	t.describeResult(columns, nil)
	if _, _, err := t.sendRows(rows, columns, nil, 0); err != nil {
		return err
	}
	s.out = protocol.AppendCommandComplete(s.out, "SHOW")
	return nil
}
