package roles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/durable"
)

// perm is the file's, whatever the data directory lets the group read: there are secrets in it.
const perm = 0o600

// lockRetry is how often a writer that has to wait looks whether it is its turn. One writer holds the lock for a read, a
// write and two syncs.
const lockRetry = 10 * time.Millisecond

// Update changes the roles of a data directory: change gets them as they are now and may change them as it likes; what it
// leaves is on disk when Update returns nil. With an error of change's nothing is changed. Other writers, of this process or
// others, wait meanwhile, as long as their ctx allows.
func Update(ctx context.Context, dataDir string, change func(*Set) error) error {
	unlock, err := lock(ctx, dataDir)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := Load(dataDir)
	if err != nil {
		return err
	}
	if err := change(s); err != nil {
		return err
	}
	return s.write(dataDir)
}

// ErrExists says that there are roles already.
var ErrExists = errors.New("there is a file of roles already")

// Create makes the file of a data directory that has none, with the bootstrap superuser in it: password is empty or a
// verifier.
func Create(ctx context.Context, dataDir, name, password string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	unlock, err := lock(ctx, dataDir)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := Load(dataDir); !errors.Is(err, ErrNoFile) {
		return errors.Join(ErrExists, err)
	}
	s := newSet()
	// The kernel's own: package crypto/rand would cost every session memory.
	if _, err := unix.Getrandom(s.mock[:], 0); err != nil {
		return fmt.Errorf("generate a secret: %w", err)
	}
	s.roles = append(s.roles, &Role{OID: BootstrapOID, Name: name, Superuser: true, Inherit: true, CreateRole: true,
		CreateDB: true, Login: true, Replication: true, BypassRLS: true, ConnLimit: -1, Password: password})
	return s.write(dataDir)
}

// lock keeps other writers out until unlock. The lock is the open file's, so it ends with this process at the latest.
func lock(ctx context.Context, dataDir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dataDir, lockFile), os.O_RDWR|os.O_CREATE, perm)
	if err != nil {
		return nil, fmt.Errorf("open the roles' lock: %w", err)
	}
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return func() { f.Close() }, nil
		case err != unix.EWOULDBLOCK && err != unix.EINTR:
			f.Close()
			return nil, fmt.Errorf("lock the roles: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait until another process has changed the roles: %w", ctx.Err())
		case <-time.After(lockRetry):
		}
	}
}

func (s *Set) write(dataDir string) error {
	b := s.encode()
	if len(b) > MaxFile {
		return fmt.Errorf("write the roles: %w", errTooMany)
	}
	// What cannot be read back must not replace what can.
	if _, err := decode(b); err != nil {
		return fmt.Errorf("write the roles: %w", err)
	}
	if err := durable.WriteFile(filepath.Join(dataDir, File), b, perm); err != nil {
		return fmt.Errorf("write the roles: %w", err)
	}
	return nil
}

var errTooMany = errors.New("there are too many for the file")
