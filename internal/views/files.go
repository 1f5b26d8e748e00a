package views

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"waypost/internal/guc"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// Functions that list the node's files. Reading or listing any other is refused: it would give away what is not WAL.
var fileFunctions = [...]function{
	{names: "pg_ls_waldir", rows: func(n *node, _ []sql.Value) ([]sql.Row, error) {
		return n.list("pg_wal", true)
	}},
	{names: "pg_ls_archive_statusdir", rows: func(n *node, _ []sql.Value) ([]sql.Row, error) {
		return n.list("pg_wal/archive_status", false)
	}},
	{names: "pg_ls_logdir", rows: func(n *node, _ []sql.Value) ([]sql.Row, error) {
		return n.list(n.Settings.String(guc.LogDirectory), true)
	}},
	{names: "pg_current_logfile", eval: currentLogfile},
	{names: "pg_ls_summariesdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_tmpdir", rows: none},
	{
		names: "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_ls_replslotdir lo_import lo_export",
		fails: &sql.Error{Code: types.CodeFeatureNotSupported, Message: "files of the node cannot be read by way of SQL"},
	},
}

// none gives no rows.
func none(*node, []sql.Value) ([]sql.Row, error) { return nil, nil }

// currentLogfile is the file that the logger writes in a form, or in the first one if none is given. The logger says it
// in the file current_logfiles, a line for each form.
func currentLogfile(n *node, a []sql.Value) (sql.Value, error) {
	form := ""
	if len(a) > 0 && a[0] != nil {
		form = a[0].(string)
		if form != "stderr" && form != "csvlog" && form != "jsonlog" {
			return nil, types.Errorf(types.CodeInvalidParameter, "log format \"%s\" is not supported", form).
				WithHint(`The supported log formats are "stderr", "csvlog", and "jsonlog".`)
		}
	}
	b, err := os.ReadFile(filepath.Join(n.DataDir, "current_logfiles"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	for line := range strings.Lines(string(b)) {
		if name, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && (form == "" || form == name) {
			return path, nil
		}
	}
	return nil, nil
}

// list gives name, size and time of the files in a directory, as pg_ls_waldir() does: hidden ones and what is no file
// are left out. One that goes away meanwhile is none.
func (n *node) list(dir string, required bool) ([]sql.Row, error) {
	path := dir
	if !filepath.IsAbs(path) {
		path = filepath.Join(n.DataDir, dir)
	}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !required:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, types.Errorf(codeUndefinedFile, "could not open directory \"%s\": No such file or directory", dir)
	case err != nil:
		return nil, failed(err)
	}
	var rows []sql.Row
	for _, e := range entries {
		if err := n.call.Step(); err != nil {
			return nil, err
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		rows = append(rows, sql.Row{e.Name(), info.Size(), types.InstantOf(info.ModTime())})
	}
	return rows, nil
}
