package shmem

import (
	"bytes"
	"unsafe"
)

// view lays n elements of type T over mem, which the caller has checked to be large enough, aligned to a cache line
// and free of Go pointers. The garbage collector does not know the memory, so the result is good only while the
// segment is mapped.
func view[T any](mem []byte, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(mem))), n)
}

// SetString stores s, cut to fit, into a fixed array of bytes and fills the rest with zeros. The last byte stays
// zero, as C readers expect.
func SetString(dst []byte, s string) {
	n := copy(dst[:len(dst)-1], s)
	clear(dst[n:])
}

// String reads what SetString stored.
func String(src []byte) string {
	if i := bytes.IndexByte(src, 0); i >= 0 {
		src = src[:i]
	}
	return string(src)
}
