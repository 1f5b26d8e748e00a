package roles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/scram"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/parser"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// dataDir makes a data directory with the bootstrap superuser "boss".
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "global"), 0o700))
	require.NoError(t, Create(t.Context(), dir, "boss", ""))
	return dir
}

// session runs statements as a role.
type session struct {
	t   *testing.T
	env Env
}

func as(t *testing.T, dir, role string) *session {
	t.Helper()
	s, err := Load(dir)
	require.NoError(t, err)
	r := s.Find(role)
	require.NotNil(t, r, role)
	return &session{t, Env{DataDir: dir, Current: r, Session: r, Iterations: 2, Databases: []string{"postgres"},
		Types:  &types.Env{Location: time.UTC},
		Random: func(b []byte) error { copy(b, "0123456789abcdef"); return nil },
		Setting: func(s *ast.Setting, superuser bool) (string, error) {
			if s.Name == "log_statement" && !superuser {
				return "", types.Errorf("42501", "permission denied to set parameter \"%s\"", s.Name)
			}
			if s.Action != ast.SetValueTo {
				return "", nil
			}
			return s.Values[0].Text, nil
		}}}
}

// try runs one statement and gives its tag, its notices and its error as texts.
func (s *session) try(sql string) (tag string, notices []string, err error) {
	s.t.Helper()
	parsed, err := parser.Parse(sql)
	if err != nil {
		return "", nil, err
	}
	s.env.Text = sql
	tag, told, err := Exec(s.t.Context(), &s.env, parsed[0].Stmt)
	for _, n := range told {
		notices = append(notices, string(n.Severity)+": "+n.Message)
	}
	return tag, notices, err
}

func (s *session) run(sql string, notices ...string) {
	s.t.Helper()
	_, told, err := s.try(sql)
	require.NoError(s.t, err, sql)
	require.Equal(s.t, notices, told, sql)
}

// refused expects an error with the code and with all parts in its message and detail.
func (s *session) refused(sql, code string, parts ...string) {
	s.t.Helper()
	before, err := os.ReadFile(filepath.Join(s.env.DataDir, File))
	require.NoError(s.t, err)
	_, _, err = s.try(sql)
	var e *types.Error
	require.ErrorAs(s.t, err, &e, sql)
	require.Equal(s.t, code, e.Code, "%s: %v", sql, e)
	for _, part := range parts {
		require.Contains(s.t, e.Message+"\n"+e.Detail+"\n"+e.Hint, part, sql)
	}
	after, err := os.ReadFile(filepath.Join(s.env.DataDir, File))
	require.NoError(s.t, err)
	require.Equal(s.t, before, after, "a refused statement has changed the roles: %s", sql)
}

func (s *session) role(name string) *Role {
	s.t.Helper()
	set, err := Load(s.env.DataDir)
	require.NoError(s.t, err)
	r := set.Find(name)
	require.NotNil(s.t, r, name)
	return r
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	dir := dataDir(t)
	as(t, dir, "boss").run("create role a")
	for _, name := range []string{File, lockFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
	}
	require.ErrorIs(t, Create(t.Context(), dir, "other", ""), ErrExists)
	require.Error(t, Create(t.Context(), t.TempDir(), "x", ""), "there is no directory for it")
}

func TestFirstRoleIsCheckedLikeAnyOther(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "global"), 0o700))
	for _, name := range []string{"", "pg_me", "public", "none", strings.Repeat("x", 64), "\xff", "a\x00b"} {
		require.Error(t, Create(t.Context(), dir, name, ""), "%q", name)
	}
	_, err := Load(dir)
	require.ErrorIs(t, err, ErrNoFile)
}

func TestEverythingSurvivesTheFile(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("create role \"Ö \"\"\\\\\nx\" superuser createdb createrole login replication bypassrls noinherit " +
		"connection limit 7 password 'x' valid until '2030-01-02 03:04:05.678901+02'")
	boss.run("create user u password 'md5d0f9f5a8ef6a6e9eb0ef3e6f5f6c9c6e' valid until 'infinity'")
	boss.run("create role g valid until '-infinity'")
	boss.run("create role far valid until '294276-12-31 00:00:00+00'")
	boss.run("create role past valid until '4713-01-01 00:00:00+00 BC'")
	boss.run("grant g to u with admin true, inherit false, set false")
	boss.run("grant pg_monitor to g")
	boss.run("alter role u set work_mem = 'a ''b'")
	boss.run("alter role u in database postgres set work_mem = '2'")
	boss.run("alter role all set work_mem = '3'")
	boss.run("comment on role u is 'it''s\nme'")

	s, err := Load(dir)
	require.NoError(t, err)
	again, err := decode(s.encode())
	require.NoError(t, err)
	require.Equal(t, s, again)

	r := boss.role("Ö \"\\\\\nx")
	require.True(t, r.Superuser && r.CreateDB && r.CreateRole && r.Login && r.Replication && r.BypassRLS)
	require.False(t, r.Inherit)
	require.Equal(t, 7, r.ConnLimit)
	require.Equal(t, time.Date(2030, 1, 2, 1, 4, 5, 678901000, time.UTC), r.ValidUntil)
	require.Equal(t, scram.SCRAM, scram.KindOf(r.Password))
	u := boss.role("u")
	require.Equal(t, ValidInfinity, u.Validity)
	require.Equal(t, "md5d0f9f5a8ef6a6e9eb0ef3e6f5f6c9c6e", u.Password)
	require.Equal(t, "it's\nme", u.Comment)
	require.True(t, boss.role("g").Expired(time.Now()))
	require.False(t, boss.role("far").Expired(time.Now()))
	require.True(t, boss.role("past").Expired(time.Now()))
	require.Equal(t, []Setting{{0, "", "work_mem", "3"}, {u.OID, "", "work_mem", "a 'b"}, {u.OID, "postgres", "work_mem", "2"}},
		s.SettingsFor(u, "postgres"))
	require.Len(t, s.SettingsFor(u, "other"), 2)
}

func TestDamagedFileIsRefusedWhole(t *testing.T) {
	dir := dataDir(t)
	as(t, dir, "boss").run("create role a login password 'x'")
	path := filepath.Join(dir, File)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	refused := func(b []byte, what string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, b, 0o600))
		s, err := Load(dir)
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged, what)
		require.Equal(t, path, damaged.Path)
		require.Nil(t, s, what)
		require.NotContains(t, err.Error(), "SCRAM", "a secret in an error")
		require.Error(t, Update(t.Context(), dir, func(*Set) error { return nil }), "a damaged file is written over")
	}
	for i := range good { // every byte counts
		b := append([]byte(nil), good...)
		b[i] ^= 1
		refused(b, fmt.Sprint(i))
	}
	for i := range good { // cut off anywhere
		refused(good[:i], fmt.Sprint(i))
	}
	refused(append(append([]byte(nil), good...), '\n'), "something behind")
	refused(append(append([]byte(nil), good...), good...), "twice")
	refused(make([]byte, MaxFile+1), "huge")
	body, _, _ := strings.Cut(strings.TrimPrefix(string(good), header), "sha256 ")
	for _, lines := range []string{ // the digest is right, the content is not
		"role 10 \"again\" - -1 \"\" - \"\"", "role 16385 \"boss\" - -1 \"\" - \"\"", "role 99999 \"x\" - -1 \"\" - \"\"",
		"role 16385 \"x\" - -1 \"\" -", "role 16385 x - -1 \"\" - \"\"", "role 16385 \"x\" sudo -1 \"\" - \"\"",
		"role 16385 \"x\" - many \"\" - \"\"", "role 16385 \"x\" - -1 \"\" soon \"\"", "role 16385 \"x\" - -1 \"\" - \"\" more",
		"role -1 \"x\" - -1 \"\" - \"\"",
		"role 16385 \"\" - -1 \"\" - \"\"", "member 10 77 10 -", "mock 00", "mock x", "set 77 \"\" \"a\" \"b\"", "what", "",
	} {
		text := header + strings.Replace(body, "next 16385\n", "next 16386\n", 1) + lines + "\n"
		refused([]byte(text+trailer(text)), lines)
	}
	mock, _, _ := strings.Cut(body, "\n")
	noBoss := header + mock + "\nnext 16386\n"
	refused([]byte(noBoss+trailer(noBoss)), "no bootstrap superuser")
}

// TestWritersDoNotLoseEachOthersChanges has many of them at once; each file descriptor has a lock of its own, as processes
// would.
func TestWritersDoNotLoseEachOthersChanges(t *testing.T) {
	dir := dataDir(t)
	const writers, each = 8, 5
	var wg sync.WaitGroup
	for w := range writers {
		boss := as(t, dir, "boss")
		wg.Go(func() {
			for i := range each {
				if _, _, err := boss.try(fmt.Sprintf("create role r_%d_%d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	reading := make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				reading <- nil
				return
			default:
			}
			if _, err := Load(dir); err != nil {
				reading <- err
				return
			}
		}
	}()
	wg.Wait()
	close(stop)
	require.NoError(t, <-reading, "a reader has seen a half-written file")
	s, err := Load(dir)
	require.NoError(t, err)
	require.Len(t, s.All(), 1+len(predefinedRoles)+writers*each)
}

func TestWriterThatWaitsTooLongGivesUp(t *testing.T) {
	dir := dataDir(t)
	unlock, err := lock(t.Context(), dir)
	require.NoError(t, err)
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = Update(ctx, dir, func(*Set) error { return errors.New("may not run") })
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestPasswordsAreNeverStoredAsTheyAre(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("create role a password 'correct horse'")
	v, ok := scram.Parse(boss.role("a").Password)
	require.True(t, ok)
	require.Equal(t, 2, v.Iterations)
	matches, err := v.Matches(t.Context(), "correct horse")
	require.NoError(t, err)
	require.True(t, matches)
	boss.env.MD5 = true
	boss.run("alter role a password 'correct horse'")
	require.Equal(t, scram.NewMD5("correct horse", "a"), boss.role("a").Password)
	b, err := os.ReadFile(filepath.Join(dir, File))
	require.NoError(t, err)
	require.NotContains(t, string(b), "horse")

	stored := v.String()
	boss.run("alter role a password '" + stored + "'")
	require.Equal(t, stored, boss.role("a").Password, "a verifier is stored as it is")
	boss.run("alter role a password null")
	require.Empty(t, boss.role("a").Password)
	for _, empty := range []string{"", scram.NewMD5("", "a")} {
		boss.run("alter role a password '"+empty+"'", "NOTICE: empty string is not a valid password, clearing password")
		require.Empty(t, boss.role("a").Password)
	}
	long, err := scram.New(t.Context(), "x", []byte(strings.Repeat("s", 400)), 1)
	require.NoError(t, err)
	boss.refused("alter role a password '"+long.String()+"'", "54000", "encrypted password is too long")
}

func TestRenameClearsWhatTheNameIsPartOf(t *testing.T) {
	boss := as(t, dataDir(t), "boss")
	boss.env.MD5 = true
	boss.run("create role a password 'x'")
	boss.run("alter role a rename to b", "NOTICE: MD5 password cleared because of role rename")
	require.Empty(t, boss.role("b").Password)
	boss.env.MD5 = false
	boss.run("alter role b password 'x'")
	boss.run("alter role b rename to c")
	require.NotEmpty(t, boss.role("c").Password)
}

func TestHasFollowsInheritance(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	for _, sql := range []string{"create role g", "create role u", "create role shy noinherit", "create role stranger",
		"grant pg_monitor to g", "grant g to u", "grant g to shy"} {
		boss.run(sql)
	}
	s, err := Load(dir)
	require.NoError(t, err)
	for role, has := range map[string]bool{"boss": true, "g": true, "u": true, "shy": false, "stranger": false, Monitor: true} {
		require.Equal(t, has, s.Has(s.Find(role), Monitor), role)
		require.Equal(t, has, s.Has(s.Find(role), ReadAllStats), role)
	}
	require.False(t, s.Has(s.Find("boss"), "nobody"), "what is not there nobody has")
	require.False(t, s.Has(nil, Monitor))
	require.True(t, s.IsMember(s.Find("shy"), s.Find(Monitor)))
	require.False(t, s.IsMember(s.Find("boss"), s.Find(Monitor)), "a superuser is no member for being one")
	require.True(t, s.MaySet(s.Find("shy"), s.Find("g")))
	require.False(t, s.MaySet(s.Find("stranger"), s.Find("g")))
}

func TestOIDsAreNotGivenOutTwice(t *testing.T) {
	boss := as(t, dataDir(t), "boss")
	boss.run("create role a")
	first := boss.role("a").OID
	require.Equal(t, FirstNormalOID, first)
	boss.run("drop role a")
	boss.run("create role a")
	require.Greater(t, boss.role("a").OID, first)
}

func TestDropTakesWhatIsTheRoles(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("create role a")
	boss.run("create role b in role a")
	boss.run("alter role b set work_mem = '1'")
	boss.run("drop role b, a")
	s, err := Load(dir)
	require.NoError(t, err)
	require.Empty(t, s.Settings())
	require.Len(t, s.Memberships(), len(predefinedMembers))
	boss.run("drop role if exists b", `NOTICE: role "b" does not exist, skipping`)
}

func TestRoleThatIsGoneCanChangeNothing(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("create role a superuser")
	a := as(t, dir, "a")
	boss.run("drop role a")
	a.refused("create role x", "42704", "does not exist")
}

func TestTooManyRolesAreRefusedAndNothingIsLost(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("create role a")
	require.NoError(t, Update(t.Context(), dir, func(s *Set) error {
		s.Find("a").Comment = strings.Repeat("x", MaxFile-700)
		return nil
	}))
	boss.refused("comment on role boss is '"+strings.Repeat("y", 1000)+"'", "54000", "too many roles")
}

func TestErrorOfAnUnknownNodeIsInternal(t *testing.T) {
	_, _, err := Exec(t.Context(), &as(t, dataDir(t), "boss").env, &ast.Checkpoint{})
	var e *types.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, string(protocol.CodeInternalError), e.Code)
}

func FuzzFileIsReadWholeOrNotAtAll(f *testing.F) {
	s := newSet()
	s.mock[0] = 1
	s.roles = append(s.roles, &Role{OID: BootstrapOID, Name: "boss", Superuser: true, ConnLimit: -1,
		ValidUntil: time.UnixMicro(5)})
	s.members = append(s.members, Membership{Role: 3373, Member: 10, Grantor: 10, Set: true})
	s.settings = append(s.settings, Setting{0, "d", "n", "v"})
	whole := string(s.encode())
	f.Add(whole)
	body, _, _ := strings.Cut(whole, "sha256 ")
	f.Add(body)
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range [][]byte{[]byte(text), []byte(text + trailer(text))} {
			s, err := decode(b)
			if err != nil {
				var damaged *DamagedError
				require.ErrorAs(t, err, &damaged)
				require.Nil(t, s)
				continue
			}
			again, err := decode(s.encode())
			require.NoError(t, err)
			require.Equal(t, s.encode(), again.encode())
		}
	})
}
