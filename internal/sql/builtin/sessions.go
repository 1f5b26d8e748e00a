package builtin

import (
	"math/rand/v2"
	"strings"
	"time"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

func setting(c *catalog.Call, name string, missingOK bool) (types.Value, error) {
	v, found, err := c.Session.Setting(strings.ToLower(name))
	switch {
	case err != nil:
		return nil, err
	case found:
		return v, nil
	case missingOK:
		return nil, nil
	}
	return nil, types.Errorf(types.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

func setConfig(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	if v[0] == nil {
		return nil, types.Errorf(types.CodeNullNotAllowed, "SET requires parameter name")
	}
	value, _ := v[1].(string)
	local, _ := v[2].(bool)
	return orError(c.Session.SetSetting(v[0].(string), value, local))
}

// schemasOf are the schemas of search_path that there are.
func schemasOf(implicit bool) types.Value {
	if implicit {
		return types.FromStrings(types.Name, []string{catalog.PGCatalog, catalog.Public})
	}
	return types.FromStrings(types.Name, []string{catalog.Public})
}

func sleep(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	s := v[0].(float64)
	if !(s > 0) {
		return "", nil
	}
	timer := time.NewTimer(time.Duration(min(s, 1e9) * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return "", nil
	case <-c.Context.Done():
		return nil, c.Cancelled()
	}
}

func sessions(source string) Body {
	switch source {
	case "current_user":
		return moment(func(c *catalog.Call) types.Value { return c.Session.CurrentUser() })
	case "session_user":
		return moment(func(c *catalog.Call) types.Value { return c.Session.SessionUser() })
	case "current_database":
		return moment(func(c *catalog.Call) types.Value { return c.Session.Database() })
	case "current_schema":
		return moment(func(*catalog.Call) types.Value { return catalog.Public })
	case "current_schemas":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return schemasOf(v[0].(bool)), nil
		}
	case "pg_backend_pid":
		return moment(func(c *catalog.Call) types.Value { return int64(c.Session.BackendPID()) })
	case "show_config_by_name":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return setting(c, v[0].(string), false)
		}
	case "show_config_by_name_missing_ok":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return setting(c, v[0].(string), v[1].(bool))
		}
	case "set_config_by_name":
		return setConfig
	case "pg_sleep":
		return sleep
	case "drandom":
		return moment(func(*catalog.Call) types.Value { return rand.Float64() })
	case "getdatabaseencoding":
		return func(c *catalog.Call, _ *Info, _ []types.Value) (types.Value, error) {
			return setting(c, "client_encoding", true)
		}
	case "pg_client_encoding":
		return func(c *catalog.Call, _ *Info, _ []types.Value) (types.Value, error) {
			return setting(c, "client_encoding", true)
		}
	case "pg_my_temp_schema":
		return moment(func(*catalog.Call) types.Value { return int64(0) })
	}
	return nil
}
