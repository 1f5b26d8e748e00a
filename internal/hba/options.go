package hba

import "strings"

// parseMethod takes the method's word.
func (r *Rule) parseMethod(text string) *Error {
	if text == "ident" && r.Type == Local {
		text = "peer" // as PostgreSQL
	}
	err := wrong("invalid authentication method \""+text+"\"", "")
	for _, m := range methods {
		if m.name != text {
			continue
		}
		if !m.there {
			err.Message += ": not supported by this build"
			err.Hint = "Waypost knows trust, reject, scram-sha-256, md5, password, peer and cert."
			return err
		}
		r.Method, err = m.method, nil
	}
	switch {
	case err != nil:
		return err
	case r.Method == Peer && r.Type != Local:
		return wrong("peer authentication is only supported on local sockets", "")
	case r.Method == Cert && r.Type != HostSSL:
		return wrong("cert authentication is only supported on hostssl connections", "")
	}
	return nil
}

// foreignOptions are the options that only methods have which are not there, by the methods that PostgreSQL names.
var foreignOptions = [...]struct{ methods, options string }{
	{"pam", " pamservice pam_use_hostname "},
	{"ldap", " ldapurl ldaptls ldapscheme ldapserver ldapport ldapbinddn ldapbindpasswd ldapsearchattribute ldapsearchfilter" +
		" ldapbasedn ldapprefix ldapsuffix "},
	{"gssapi and sspi", " krb_realm include_realm "},
	{"sspi", " compat_realm upn_username "},
	{"radius", " radiusservers radiusports radiussecrets radiusidentifiers "},
}

// parseOptions takes what stands behind the method.
func (r *Rule) parseOptions(rest []field) *Error {
	for _, f := range rest {
		for _, w := range f {
			name, value, ok := strings.Cut(w.text, "=")
			if !ok {
				return wrong("authentication option not in name=value format: "+w.text, "")
			}
			if err := r.parseOption(name, value); err != nil {
				return err
			}
		}
	}
	if r.Method == Cert {
		r.Options.ClientCert = ClientCertFull
	}
	return nil
}

func (r *Rule) parseOption(name, value string) *Error {
	switch name {
	case "map":
		if r.Method != Peer && r.Method != Cert {
			return onlyFor(name, "ident, peer, gssapi, sspi, and cert")
		}
		r.Options.Map, r.Options.mapSet = value, true
		return nil
	case "clientcert":
		return r.parseClientCert(value)
	case "clientname":
		return r.parseClientName(value)
	}
	for _, foreign := range foreignOptions {
		if name != "" && strings.Contains(foreign.options, " "+name+" ") {
			return onlyFor(name, foreign.methods)
		}
	}
	return wrong("unrecognized authentication option name: \""+name+"\"", "")
}

func onlyFor(name, methods string) *Error {
	return wrong("authentication option \""+name+"\" is only valid for authentication methods "+methods, "")
}

func (r *Rule) parseClientCert(value string) *Error {
	switch {
	case r.Type != HostSSL:
		return wrong(`clientcert can only be configured for "hostssl" rows`, "")
	case value == "verify-full":
		r.Options.ClientCert = ClientCertFull
	case value != "verify-ca":
		return wrong("invalid value for clientcert: \""+value+"\"", "")
	case r.Method == Cert:
		err := wrong(`clientcert only accepts "verify-full" when using "cert" authentication`, "")
		err.row = `clientcert can only be set to "verify-full" when using "cert" authentication`
		return err
	default:
		r.Options.ClientCert = ClientCertCA
	}
	return nil
}

func (r *Rule) parseClientName(value string) *Error {
	switch {
	case r.Type != HostSSL:
		return wrong(`clientname can only be configured for "hostssl" rows`, "")
	case value == "CN":
		r.Options.ClientName = ClientNameCN
	case value == "DN":
		r.Options.ClientName = ClientNameDN
	default:
		return wrong("invalid value for clientname: \""+value+"\"", "")
	}
	return nil
}

// shown lists the options as pg_hba_file_rules does, which leaves clientname out.
func (r *Rule) shown() []string {
	var list []string
	if r.Options.mapSet {
		list = append(list, "map="+r.Options.Map)
	}
	switch r.Options.ClientCert {
	case ClientCertCA:
		list = append(list, "clientcert=verify-ca")
	case ClientCertFull:
		list = append(list, "clientcert=verify-full")
	}
	return list
}
