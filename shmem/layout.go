package shmem

import (
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
)

// LayoutVersion numbers the layout of the header itself. The areas' layouts are told apart by fingerprints.
const LayoutVersion = 1

const (
	magic        = "WAYPSHM1"
	maxAreas     = 24
	nameLen      = 32
	areaAlign    = 4096
	cacheLine    = 64
	headerLength = 48
)

// ErrLayout says that a segment's layout is not the one that this executable was built with.
var ErrLayout = errors.New("shared memory layout differs from this executable's")

// Area names a shared area whose elements are of type T. T must consist of fixed-width numbers, arrays and structs
// of them, and the types of sync/atomic.
type Area[T any] struct{ Name string }

// Layout collects the areas of a segment before it is created.
type Layout struct {
	areas []areaSpec
	size  uint64
}

type areaSpec struct {
	name        string
	offset      uint64
	elemSize    uint32
	count       uint32
	fingerprint uint64
}

// NewLayout gives a layout that has room for the header alone.
func NewLayout() *Layout {
	return &Layout{size: areaAlign}
}

// Reserve adds an area of count elements. It panics on a type that must not be shared, a name used twice or too
// many areas: those are bugs in the caller.
func (a Area[T]) Reserve(l *Layout, count int) {
	t := reflect.TypeFor[T]()
	if err := shareable(t, t.Name()); err != nil {
		panic("shmem: " + err.Error())
	}
	if len(a.Name) == 0 || len(a.Name) >= nameLen || len(l.areas) == maxAreas || count < 0 {
		panic(fmt.Sprintf("shmem: area %q cannot be reserved", a.Name))
	}
	for _, other := range l.areas {
		if other.name == a.Name {
			panic(fmt.Sprintf("shmem: area %q is reserved twice", a.Name))
		}
	}
	l.areas = append(l.areas, areaSpec{a.Name, l.size, uint32(t.Size()), uint32(count), fingerprint(t)})
	l.size = alignUp(l.size+uint64(t.Size())*uint64(count), areaAlign)
}

// Size is the size in bytes of the segment so far.
func (l *Layout) Size() uint64 { return l.size }

// Map gives the area's only (or first) element. It fails with ErrLayout where the segment has no such area or has it
// with another layout. The pointer is good until the segment is unmapped.
func (a Area[T]) Map(s *Segment) (*T, error) {
	all, err := a.MapArray(s)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("area %q is empty: %w", a.Name, ErrLayout)
	}
	return &all[0], nil
}

// MapArray gives all elements of the area, in place.
func (a Area[T]) MapArray(s *Segment) ([]T, error) {
	t := reflect.TypeFor[T]()
	e, err := s.find(a.Name)
	if err != nil {
		return nil, err
	}
	if e.elemSize != uint32(t.Size()) || e.fingerprint != fingerprint(t) {
		return nil, fmt.Errorf("area %q: %w", a.Name, ErrLayout)
	}
	end := e.offset + uint64(e.elemSize)*uint64(e.count)
	if e.offset%cacheLine != 0 || end > uint64(len(s.mem)) {
		return nil, fmt.Errorf("area %q lies outside the segment: %w", a.Name, ErrLayout)
	}
	return view[T](s.mem[e.offset:end], int(e.count)), nil
}

// shareable refuses types whose bytes mean nothing in another process, or whose width is the platform's choice.
func shareable(t reflect.Type, path string) error {
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32,
		reflect.Uint64, reflect.Bool, reflect.Float64:
		return nil
	case reflect.Array:
		return shareable(t.Elem(), path+"[]")
	case reflect.Struct:
		for i := range t.NumField() {
			if err := shareable(t.Field(i).Type, path+"."+t.Field(i).Name); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%s is a %s, which cannot be shared between processes", path, t.Kind())
}

// fingerprint depends on every field's name, offset and type, so two builds that lay a type out differently, or mean
// different things by the same bytes, do not share a segment.
func fingerprint(t reflect.Type) uint64 {
	h := fnv.New64a()
	var walk func(t reflect.Type, base uintptr)
	walk = func(t reflect.Type, base uintptr) {
		fmt.Fprintf(h, "%s %d %d;", t.String(), t.Size(), base)
		switch t.Kind() {
		case reflect.Array:
			walk(t.Elem(), base)
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				fmt.Fprintf(h, "%s:", f.Name)
				walk(f.Type, base+f.Offset)
			}
		}
	}
	walk(t, 0)
	return h.Sum64()
}

func alignUp(n, to uint64) uint64 { return (n + to - 1) &^ (to - 1) }
