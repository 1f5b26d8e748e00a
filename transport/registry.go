package transport

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Registry finds a transport by the name that wal_receiver_library has. An executable's main fills one; the zero value
// is empty and ready. It may be read from several goroutines once it is filled.
type Registry struct {
	transports map[string]Transport
}

// Register adds t under name. A name that is empty or taken is an error.
func (r *Registry) Register(name string, t Transport) error {
	if name == "" || t == nil {
		return fmt.Errorf("register transport %q: name and transport are required", name)
	}
	if _, taken := r.transports[name]; taken {
		return fmt.Errorf("register transport %q: name is already taken", name)
	}
	if r.transports == nil {
		r.transports = make(map[string]Transport)
	}
	r.transports[name] = t
	return nil
}

// Open returns the transport registered under name, or an *UnknownTransportError.
func (r *Registry) Open(name string) (Transport, error) {
	if t, ok := r.transports[name]; ok {
		return t, nil
	}
	return nil, &UnknownTransportError{Name: name, Known: r.Names()}
}

// Names are the registered names, sorted.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.transports)) }

// UnknownTransportError says that no transport has the name that the setting asks for.
type UnknownTransportError struct {
	Name  string
	Known []string
}

func (e *UnknownTransportError) Error() string {
	return fmt.Sprintf("unknown transport %q (known: %s)", e.Name, strings.Join(e.Known, ", "))
}

// SQLState is undefined_file, as for a library that cannot be loaded.
func (e *UnknownTransportError) SQLState() string { return "58P01" }
