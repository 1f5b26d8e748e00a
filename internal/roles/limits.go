package roles

import (
	"waypost/internal/scram"
	"waypost/internal/sql/types"
)

// Each session reads the whole file, and whoever may log in may write into it: settings of their own role. PostgreSQL has
// no such bounds.
const (
	maxText     = 1 << 10  // a setting's name and value together, and a comment, bytes
	maxSettings = 8 << 10  // all settings of one role, as the file has them, bytes
	reserve     = 64 << 10 // of MaxFile: what only superusers may use up, bytes
)

// MaxIterations is what a verifier may cost who is asked for the password, and this node with the method password: about a
// second.
const MaxIterations = 4_000_000

func tooLong(what string) error {
	return types.Errorf(codeLimitExceeded, "%s is too long", what).
		WithDetail("It must be no longer than %d bytes.", maxText)
}

// settingsFit says whether a setting, and all that its role has with it, are within bounds.
func (s *Set) settingsFit(added Setting) error {
	if len(added.Name)+len(added.Value) > maxText {
		return tooLong("setting of a role")
	}
	size := 0
	for _, c := range s.settings {
		if c.Role == added.Role {
			size += len(c.line())
		}
	}
	if size > maxSettings {
		return types.Errorf(codeLimitExceeded, "too many settings of a role").
			WithDetail("They must be no larger than %d bytes together.", maxSettings)
	}
	return nil
}

// iterationsFit looks at a password before anything is computed of it, whether it is a verifier or is to become one.
func iterationsFit(password string, env *Env) error {
	iterations := env.Iterations
	switch v, ok := scram.Parse(password); {
	case ok:
		iterations = v.Iterations
	case env.MD5 || scram.KindOf(password) != scram.Plain:
		return nil
	}
	if iterations > MaxIterations {
		return types.Errorf(codeLimitExceeded, "too many iterations for a SCRAM secret").
			WithDetail("There must be no more than %d.", MaxIterations)
	}
	return nil
}

// size is the file's.
func (s *Set) size() int { return len(s.encode()) }

// leavesRoom refuses what makes the file larger, when it is somebody else's than a superuser's and the rest is reserved.
func (x *exec) leavesRoom(before int) error {
	if x.current.Superuser {
		return nil
	}
	if now := x.s.size(); now > before && now > MaxFile-reserve {
		return errTooMany
	}
	return nil
}
