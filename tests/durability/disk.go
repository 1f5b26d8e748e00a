package durability

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tracedCalls are the system calls that the model needs, and those that carry reports.
const tracedCalls = "openat,write,pwrite64,writev,pwritev,sendto,sendmsg,fsync,fdatasync,sync_file_range,fallocate,truncate,ftruncate," +
	"rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range"

// disk is what a trace says of a directory: all that was ever done to it.
type disk struct {
	root  string
	files []*file
	names []*nameChange
	first map[string]*file // the names at the beginning, all of them durable
}

// file is one file, whatever its names.
type file struct {
	id      int
	base    []byte // durable from the beginning
	changes []*change
	pos     int64 // of the descriptor that write uses
}

// change is one change of a file's content: bytes written, or a new length.
type change struct {
	began, done int // when it was asked for, and when it had been done in the page cache
	synced      int // when a sync that covers it had returned
	off         int64
	data        []byte
	length      int64 // of a change of length; -1 for bytes written
	name        string
}

// nameChange is one change of names, done as a whole or not at all. A nil file: the name goes.
type nameChange struct {
	began, done int
	synced      int
	set         map[string]*file
	call        string
}

// snapshot is a directory's files and their contents by path.
type snapshot map[string][]byte

func takeSnapshot(root string) (snapshot, error) {
	s := snapshot{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		s[path], err = os.ReadFile(path)
		return err
	})
	return s, err
}

// newDisk is the model of what calls did to the directory root, which began, all of it durable, as first.
func newDisk(root string, first snapshot, calls []*call) (*disk, error) {
	d := &disk{root: root, first: map[string]*file{}}
	for _, path := range slices.Sorted(maps.Keys(first)) {
		f := d.newFile()
		f.base = first[path]
		d.first[path] = f
	}
	return d, d.replay(calls)
}

func (d *disk) newFile() *file {
	f := &file{id: len(d.files)}
	d.files = append(d.files, f)
	return f
}

// replayer goes through a trace and fills a disk.
type replayer struct {
	*disk
	now map[string]*file // the names as processes see them
}

// replay adds what the calls did, in the order in which they were made.
func (d *disk) replay(calls []*call) error {
	r := &replayer{d, map[string]*file{}}
	for path, f := range d.first {
		r.now[path] = f
	}
	for _, c := range calls {
		if c.ret < 0 {
			continue
		}
		if err := r.apply(c); err != nil {
			return fmt.Errorf("%s at %d: %w", c.name, c.begin, err)
		}
	}
	return nil
}

func (r *replayer) apply(c *call) error {
	switch c.name {
	case "openat":
		return r.open(c)
	case "write", "pwrite64":
		return r.write(c)
	case "fsync", "fdatasync":
		r.sync(c)
	case "fallocate":
		return r.fallocate(c)
	case "ftruncate":
		return r.resize(c, r.open1(c.args[0]), c.args[1])
	case "truncate":
		return r.resize(c, r.now[r.path("", c.args[0])], c.args[1])
	case "rename":
		return r.rename(c, r.path("", c.args[0]), r.path("", c.args[1]))
	case "renameat", "renameat2":
		return r.rename(c, r.path(c.args[0].fd, c.args[1]), r.path(c.args[2].fd, c.args[3]))
	case "link":
		return r.link(c, r.path("", c.args[0]), r.path("", c.args[1]))
	case "linkat":
		return r.link(c, r.path(c.args[0].fd, c.args[1]), r.path(c.args[2].fd, c.args[3]))
	case "unlink":
		r.unlink(c, r.path("", c.args[0]))
	case "unlinkat":
		r.unlink(c, r.path(c.args[0].fd, c.args[1]))
	case "copy_file_range":
		return r.copyRange(c)
	case "sendto", "sendmsg", "sync_file_range": // nothing of the disk; the last makes no promise
	default:
		for _, a := range c.args {
			if r.inside(a.fd) || r.inside(r.path("", a)) && len(a.data) > 0 {
				return fmt.Errorf("the model does not know this call (%s)", a.raw)
			}
		}
	}
	return nil
}

func (r *replayer) inside(path string) bool { return strings.HasPrefix(path, r.root+"/") }

// path makes a path argument absolute. Servers work in their data directory.
func (r *replayer) path(dir string, a arg) string {
	p := a.text()
	switch {
	case filepath.IsAbs(p):
		return filepath.Clean(p)
	case dir != "":
		return filepath.Join(dir, p)
	}
	return filepath.Join(r.root, p)
}

// open1 is the file of a descriptor; nil if it is none of the directory's, or has no name any more.
func (r *replayer) open1(a arg) *file {
	if a.gone || !r.inside(a.fd) {
		return nil
	}
	return r.now[a.fd]
}

func (r *replayer) change(c *call, to map[string]*file) {
	for path, f := range to {
		if f == nil {
			delete(r.now, path)
		} else {
			r.now[path] = f
		}
	}
	r.names = append(r.names, &nameChange{began: c.begin, done: c.end, synced: never, set: to, call: c.name})
}

func (r *replayer) open(c *call) error {
	path, flags := r.path(c.args[0].fd, c.args[1]), c.args[2].raw
	if !r.inside(path) || !strings.Contains(flags, "O_WRONLY") && !strings.Contains(flags, "O_RDWR") {
		return nil
	}
	f := r.now[path]
	switch {
	case f == nil && !strings.Contains(flags, "O_CREAT"):
		if strings.Contains(flags, "O_TMPFILE") {
			return fmt.Errorf("the model does not know O_TMPFILE")
		}
		return fmt.Errorf("%s was opened and is not there", path)
	case f == nil:
		f = r.newFile()
		r.change(c, map[string]*file{path: f})
	case strings.Contains(flags, "O_TRUNC"):
		f.changes = append(f.changes, &change{began: c.begin, done: c.end, synced: never, length: 0, name: path})
	}
	f.pos = 0
	return nil
}

func (r *replayer) write(c *call) error {
	f := r.open1(c.args[0])
	if f == nil {
		return nil
	}
	a := c.args[1]
	if a.cut {
		return fmt.Errorf("the trace has not all that was written to %s", c.args[0].fd)
	}
	off := f.pos
	if c.name == "pwrite64" {
		var err error
		if off, err = c.args[3].number(); err != nil {
			return err
		}
	} else {
		f.pos += c.ret
	}
	f.changes = append(f.changes, &change{
		began: c.begin, done: c.end, synced: never, off: off, data: a.data[:c.ret], length: -1, name: c.args[0].fd})
	return nil
}

func (r *replayer) fallocate(c *call) error {
	f := r.open1(c.args[0])
	if f == nil {
		return nil
	}
	off, err := c.args[2].number()
	if err != nil {
		return err
	}
	n, err := c.args[3].number()
	if err != nil {
		return err
	}
	if mode := strings.TrimSpace(c.args[1].raw); mode != "0" {
		return fmt.Errorf("the model does not know fallocate's mode %s", mode)
	}
	if off+n > f.lengthNow() {
		f.changes = append(f.changes, &change{began: c.begin, done: c.end, synced: never, length: off + n, name: c.args[0].fd})
	}
	return nil
}

func (r *replayer) resize(c *call, f *file, to arg) error {
	n, err := to.number()
	if err != nil || f == nil {
		return err
	}
	f.changes = append(f.changes, &change{began: c.begin, done: c.end, synced: never, length: n, name: c.args[0].fd})
	return nil
}

// copyRange is how a file is copied within the kernel: from the start of one that was just opened.
func (r *replayer) copyRange(c *call) error {
	to := r.open1(c.args[2])
	if to == nil || c.ret == 0 {
		return nil
	}
	from := r.open1(c.args[0])
	if from == nil || strings.TrimSpace(c.args[1].raw) != "NULL" || strings.TrimSpace(c.args[3].raw) != "NULL" {
		return fmt.Errorf("the model does not know where %s is copied from", c.args[2].fd)
	}
	content := from.contentAt(func(*change) bool { return true })
	f := to
	f.changes = append(f.changes, &change{
		began: c.begin, done: c.end, synced: never, off: f.pos, data: slices.Clone(content[f.pos : f.pos+c.ret]), length: -1, name: c.args[2].fd})
	f.pos += c.ret
	return nil
}

func (r *replayer) rename(c *call, from, to string) error {
	if !r.inside(from) && !r.inside(to) {
		return nil
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		return fmt.Errorf("the model knows no renaming across directories (%s, %s)", from, to)
	}
	f := r.now[from]
	if f == nil {
		return fmt.Errorf("%s was renamed and is not there", from)
	}
	r.change(c, map[string]*file{from: nil, to: f})
	return nil
}

func (r *replayer) link(c *call, from, to string) error {
	if !r.inside(to) {
		return nil
	}
	f := r.now[from]
	if f == nil {
		return fmt.Errorf("%s was linked and is not there", from)
	}
	r.change(c, map[string]*file{to: f})
	return nil
}

func (r *replayer) unlink(c *call, path string) {
	if r.now[path] != nil {
		r.change(c, map[string]*file{path: nil})
	}
}

// sync marks what a sync that went well has made durable: what had been done before it began.
func (r *replayer) sync(c *call) {
	if f := r.open1(c.args[0]); f != nil {
		for _, ch := range f.changes {
			if ch.done < c.begin {
				ch.synced = min(ch.synced, c.end)
			}
		}
		return
	}
	for _, n := range r.names {
		if n.done < c.begin && n.in(c.args[0].fd) {
			n.synced = min(n.synced, c.end)
		}
	}
}

// in says whether the change is one of that directory's names.
func (n *nameChange) in(dir string) bool {
	for path := range n.set {
		return filepath.Dir(path) == dir
	}
	return false
}

// contentAt is the file's content with the changes that take accepts, in order.
func (f *file) contentAt(take func(*change) bool) []byte {
	b := slices.Clone(f.base)
	for _, c := range f.changes {
		if take(c) {
			b = c.applyTo(b)
		}
	}
	return b
}

// part is contentAt's bytes from from on, and before upto.
func (f *file) part(from, upto int, take func(*change) bool) []byte {
	b := make([]byte, upto-from)
	n := max(0, copy(b, f.base[min(from, len(f.base)):]))
	for _, c := range f.changes {
		switch start, end := int(c.off)-from, int(c.off)+len(c.data)-from; {
		case !take(c):
		case c.length >= 0:
			n = min(max(0, int(c.length)-from), len(b))
			clear(b[n:])
		case end <= 0 || start >= len(b):
			if start >= len(b) {
				n = len(b)
			}
		default:
			copy(b[max(0, start):], c.data[max(0, -start):])
			n = max(n, min(end, len(b)))
		}
	}
	return b[:n]
}

// durableAt is the content that is on disk at a moment, with nothing that was not synced by then.
func (f *file) durableAt(at int) []byte {
	return f.contentAt(func(c *change) bool { return c.synced < at })
}

func (f *file) lengthNow() int64 {
	n := int64(len(f.base))
	for _, c := range f.changes {
		if c.length >= 0 {
			n = c.length
		} else {
			n = max(n, c.off+int64(len(c.data)))
		}
	}
	return n
}

func (c *change) applyTo(b []byte) []byte {
	if c.length >= 0 {
		return resized(b, c.length)
	}
	if end := c.off + int64(len(c.data)); end > int64(len(b)) {
		b = resized(b, end)
	}
	copy(b[c.off:], c.data)
	return b
}

func resized(b []byte, n int64) []byte {
	if n <= int64(len(b)) {
		return b[:n]
	}
	return append(b, make([]byte, n-int64(len(b)))...)
}

// namedAt is the file that a name is sure to have at a moment, whatever a power cut does; nil with sure if it is sure that
// there is none.
func (d *disk) namedAt(path string, at int) (f *file, sure bool) {
	f, sure = d.first[path], true
	for _, n := range d.names {
		to, ok := n.set[path]
		if !ok || n.began >= at {
			continue
		}
		switch {
		case n.synced < at:
			f, sure = to, true
		case to != f:
			sure = false
		}
	}
	return f, sure
}

// seenAt is the file that processes see under a name at a moment; nil if there is none.
func (d *disk) seenAt(path string, at int) *file {
	f := d.first[path]
	for _, n := range d.names {
		if to, ok := n.set[path]; ok && n.done < at {
			f = to
		}
	}
	return f
}
