package pgwire

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sysconfDir is where libpq as Debian builds it looks for the system's service file.
const sysconfDir = "/etc/postgresql-common"

// addService adds the settings of the service that the string or PGSERVICE names; what the string itself says wins.
func (ci conninfo) addService() error {
	service, ok := ci["service"]
	if !ok {
		if service, ok = os.LookupEnv("PGSERVICE"); !ok {
			return nil
		}
	}
	for _, file := range serviceFiles(ci["servicefile"]) {
		found, err := ci.readServiceFile(file.path, service)
		if errors.Is(err, fs.ErrNotExist) {
			if file.required {
				return conninfoErrorf("service", "service file %q not found", file.path)
			}
			continue
		}
		if found || err != nil {
			ci["service"], ci["servicefile"] = service, file.path
			return err
		}
	}
	return conninfoErrorf("service", "definition of service %q not found", service)
}

type serviceFile struct {
	path     string
	required bool
}

// serviceFiles are the places to look, in order: the user's, then the system's.
func serviceFiles(explicit string) []serviceFile {
	var files []serviceFile
	if env, ok := os.LookupEnv("PGSERVICEFILE"); explicit == "" && ok {
		explicit = env
	}
	if explicit != "" {
		files = append(files, serviceFile{path: explicit, required: true})
	} else if home, err := os.UserHomeDir(); err == nil {
		files = append(files, serviceFile{path: filepath.Join(home, ".pg_service.conf")})
	}
	dir := sysconfDir
	if env, ok := os.LookupEnv("PGSYSCONFDIR"); ok {
		dir = env
	}
	return append(files, serviceFile{path: filepath.Join(dir, "pg_service.conf")})
}

// readServiceFile takes over the group [service] of an INI-style file (parseServiceFile).
func (ci conninfo) readServiceFile(path, service string) (found bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	known := knownKeywords()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.Trim(lines.Text(), space)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			if found {
				return true, nil
			}
			found = strings.HasPrefix(line[1:], service+"]")
		case found:
			keyword, value, ok := strings.Cut(line, "=")
			if keyword == "service" || keyword == "servicefile" {
				return true, conninfoErrorf(keyword, "nested service specifications not supported in service file %q, line %d", path, n)
			}
			if !ok || !known[keyword] {
				return true, conninfoErrorf("service", "syntax error in service file %q, line %d", path, n)
			}
			if _, given := ci[keyword]; !given {
				ci[keyword] = value
			}
		}
	}
	return found, lines.Err()
}
