package tlsfiles

import "waypost/internal/guc"

// Settings are the values of PostgreSQL's settings for TLS. Paths that are not absolute are so below the data directory,
// which is the working directory.
type Settings struct {
	CertFile, KeyFile, CAFile, CRLFile, CRLDir, DHParamsFile string

	Ciphers    string
	Curves     string // "": the default
	MinVersion string // "" for any, "TLSv1" …
	MaxVersion string

	// Passphrase gives the passphrase of the key file, if it is encrypted; nil where that cannot be asked for.
	Passphrase func(prompt string) (string, error)
}

// FromSettings takes the values out of the node's settings.
func FromSettings(s *guc.Settings) *Settings {
	c := &Settings{
		CertFile: s.String(guc.SslCertFile), KeyFile: s.String(guc.SslKeyFile), CAFile: s.String(guc.SslCaFile),
		CRLFile: s.String(guc.SslCrlFile), CRLDir: s.String(guc.SslCrlDir), DHParamsFile: s.String(guc.SslDhParamsFile),
		Ciphers:    s.String(guc.SslCiphers),
		MinVersion: s.Enum(guc.SslMinProtocolVersion), MaxVersion: s.Enum(guc.SslMaxProtocolVersion),
	}
	if s.Source(guc.SslEcdhCurve) != guc.SourceDefault {
		c.Curves = s.String(guc.SslEcdhCurve)
	}
	return c
}
