package nodeinit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/internal/pgstat"
	"waypost/walfile"
)

// builder makes one data directory.
type builder struct {
	dir      string // absolute
	mode     datadir.Mode
	out      io.Writer
	existed  bool     // the directory was there, empty
	lock     *os.File // the directory; what is in it is ours to write and to remove while its flock is held
	settings *settings
	first    *firstRole
	up       *upstream
	start    start
}

// checkEmpty says whether dir is there; it may be only if there is nothing in it.
func checkEmpty(dir string) (existed bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, &Error{Message: fmt.Sprintf("could not look into directory %q: %v", dir, err), Err: err}
	}
	if len(entries) == 0 {
		return true, nil
	}
	e := &Error{Message: fmt.Sprintf("directory %q exists and is not empty", dir),
		Hint: "Remove what is in it, if it is not needed, or name another directory with -D."}
	if _, err := os.Lstat(filepath.Join(dir, "lost+found")); err == nil {
		e.Detail = "There is a lost+found in it: perhaps it is a mount point."
		e.Hint = "Do not use a mount point itself as the data directory. Make a directory below it."
	}
	return false, e
}

// step is one thing that build does and the user is told of.
type step struct {
	what string
	do   func() error
}

// build makes the directory, or leaves things as they were.
func (b *builder) build(ctx context.Context) error {
	defer b.unlock()
	what := "creating directory " + b.dir
	if b.existed {
		what = "fixing permissions on existing directory " + b.dir
	}
	steps := []step{
		{what, b.makeDirectory},
		{"creating subdirectories", b.makeSubdirectories},
		{"writing configuration files", b.writeConfig},
		{"checking configuration files", b.checkConfig},
		{"making role " + b.first.name, func() error { return b.first.make(b.dir) }},
		{"writing timeline history files", b.writeHistory},
		{"writing control file", b.writeControlFile},
		{"remembering the start position", b.remember},
		{"writing PG_VERSION", b.writeVersion},
	}
	for _, s := range steps {
		if err := b.take(ctx, s); err != nil {
			b.undo()
			return err
		}
	}
	return nil
}

func (b *builder) take(ctx context.Context, s step) error {
	if err := ctx.Err(); err != nil {
		return errInterrupted(err)
	}
	fmt.Fprintf(b.out, "%s ... ", s.what)
	if err := s.do(); err != nil {
		fmt.Fprintln(b.out, "failed")
		return fmt.Errorf("%s: %w", s.what, err)
	}
	fmt.Fprintln(b.out, "ok")
	return nil
}

// undo removes what was made: the directory, or what is in it if it was there before.
func (b *builder) undo() {
	if b.lock == nil {
		return // nothing is ours
	}
	remove := []string{b.dir}
	if b.existed {
		entries, err := os.ReadDir(b.dir)
		if err != nil {
			fmt.Fprintf(b.out, "could not look for what to remove: %v\n", err)
			return
		}
		remove = remove[:0]
		for _, e := range entries {
			remove = append(remove, filepath.Join(b.dir, e.Name()))
		}
	}
	fmt.Fprintf(b.out, "removing what was made in %s\n", b.dir)
	// First what makes it look like a data directory: if the rest cannot be removed, it is not one all the same.
	if err := os.Remove(b.path(datadir.VersionFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(b.out, "could not remove it: %v\n", err)
	}
	for _, path := range remove {
		if err := os.RemoveAll(path); err != nil {
			fmt.Fprintf(b.out, "could not remove it: %v\n", err)
		}
	}
}

func (b *builder) path(name string) string { return filepath.Join(b.dir, name) }

// makeDirectory makes the directory and those above it that are missing, or takes the empty one that is there.
func (b *builder) makeDirectory() error {
	if !b.existed {
		if err := mkdirAll(b.dir, b.mode.Dir); err != nil {
			return err
		}
	}
	if err := b.takeLock(); err != nil {
		return err
	}
	if err := os.Chmod(b.dir, b.mode.Dir); err != nil {
		return err
	}
	return durable.SyncDir(b.dir)
}

// takeLock keeps another init, or a postmaster, off the directory: its flock is the postmaster's own. Somebody else may
// have been at work there since we looked.
func (b *builder) takeLock() error {
	dir, err := os.Open(b.dir)
	if err != nil {
		return err
	}
	if err = unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		err = &Error{Message: fmt.Sprintf("directory %q is in use by another process", b.dir), Err: err}
	} else {
		_, err = checkEmpty(b.dir)
	}
	if err != nil {
		dir.Close()
		return err
	}
	b.lock = dir
	return nil
}

func (b *builder) unlock() {
	if b.lock != nil {
		b.lock.Close()
	}
}

func mkdirAll(dir string, perm fs.FileMode) error {
	parent := filepath.Dir(dir)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		if err := mkdirAll(parent, perm); err != nil {
			return err
		}
	}
	return durable.Mkdir(dir, perm)
}

func (b *builder) makeSubdirectories() error {
	for _, name := range []string{datadir.GlobalDir, datadir.WalDir, datadir.ArchiveStatusDir, datadir.ReplSlotDir, pgstat.Dir} {
		if err := durable.Mkdir(b.path(name), b.mode.Dir); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) write(name, text string) error {
	return durable.WriteFile(b.path(name), []byte(text), b.mode.File)
}

func (b *builder) writeConfig() error {
	for _, f := range [][2]string{
		{datadir.ConfigFile, b.settings.config()},
		{datadir.AutoConfigFile, autoConfig},
		{datadir.HbaFile, hbaConfig(b.first.local, b.first.host)},
		{datadir.IdentFile, identConfig},
		{datadir.StandbySignal, ""},
	} {
		if err := b.write(f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}

// checkConfig reads the files as the postmaster will.
func (b *builder) checkConfig() error { return guc.New().LoadFiles(b.dir) }

func (b *builder) writeHistory() error {
	wal := walfile.Dir{Path: b.path(datadir.WalDir), SegSize: b.up.segSize, Perm: b.mode.File}
	for _, f := range b.up.files {
		if err := wal.WriteHistory(f.tli, f.text); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) writeControlFile() error {
	c, err := controldata.New(b.up.wal, b.up.identity.SystemID, b.up.segSize, b.start.tli)
	if err != nil {
		return err
	}
	if b.up.checksums {
		c.DataChecksumVersion = 1 // PG_DATA_CHECKSUM_VERSION
	}
	if _, err := rand.Read(c.MockAuthNonce[:]); err != nil {
		return err
	}
	return c.Write(b.dir, time.Now(), b.mode.File)
}

func (b *builder) remember() error {
	memory, err := datadir.OpenMemory(b.dir, b.mode.File)
	if err != nil {
		return err
	}
	err = memory.Store(datadir.Remembered{
		SystemID: b.up.identity.SystemID, Timeline: b.start.tli,
		CheckedStart: b.start.lsn, Flushed: b.start.lsn, WrittenAt: time.Now(),
	})
	return errors.Join(err, memory.Close())
}

func (b *builder) writeVersion() error {
	v := datadir.UpstreamVersion{Num: b.up.version.Num, Text: b.up.version.Text}
	if err := datadir.StoreUpstreamVersion(b.dir, v, b.mode.File); err != nil {
		return err
	}
	return b.write(datadir.VersionFile, fmt.Sprintf("%d\n", b.up.wal))
}

// setUmask makes every file come out with exactly the permissions it is made with. It is the whole process's.
func (b *builder) setUmask() { unix.Umask(b.mode.Umask) }
