package custody

import (
	"bytes"
	"os"
	"strings"

	"filippo.io/age"
)

// RightsRecipient reads who the membership index is sealed to: the one recipient of the rights file. The identity that
// opens it is not read by anything that exports.
func (k *Keyring) RightsRecipient() (age.Recipient, error) {
	p, err := k.rightsPlace()
	if err != nil {
		return nil, err
	}
	text, err := p.read(writeRight)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	// Said before it is parsed: the file is open to more people than a secret may be.
	if bytes.Contains(bytes.ToUpper(text), []byte("AGE-SECRET-KEY-")) {
		return nil, p.refuse("it holds an identity, which is secret, in place of a recipient",
			"put the line age1… of the public key there, and keep the identity where only the rights officer reads it")
	}
	recipients, err := age.ParseRecipients(bytes.NewReader(text))
	if err != nil || len(recipients) != 1 {
		return nil, p.refuse("it does not hold exactly one age recipient (age1…)",
			"write it again with `age-keygen -y` from the rights officer's identity")
	}
	return recipients[0], nil
}

// rightsIdentity is the secret half beside the rights file: rights.pub and rights.identity.
func rightsIdentity(p place) place {
	return place{what: "rights identity", name: "rights", path: strings.TrimSuffix(p.path, ".pub") + ".identity"}
}

// ensureRights makes the rights key where there is none. The identity is written first: a run that dies between the
// two files leaves an identity that the next run uses.
func (k *Keyring) ensureRights() (Item, error) {
	p, err := k.rightsPlace()
	if err != nil {
		return Item{}, err
	}
	identity := rightsIdentity(p)
	if !strings.HasSuffix(p.path, ".pub") {
		return Item{}, p.refuse("its name must end in .pub", "write keys: rights: as file:./keys/rights.pub in postern.yaml")
	}
	item := Item{What: p.what, Path: p.path}
	if _, err := os.Stat(p.path); os.IsNotExist(err) {
		item.Made = true
		line, err := identity.makeIdentity()
		if err != nil {
			return Item{}, err
		}
		if err := p.create([]byte(line+"\n"), 0o644); err != nil {
			return Item{}, err
		}
	}
	if _, err := k.RightsRecipient(); err != nil {
		return Item{}, err
	}
	if _, err := os.Stat(identity.path); err == nil {
		item.Note = "the rights officer must now take " + identity.path + " away from this machine: who has it can open the membership index"
	}
	return item, nil
}

// makeIdentity writes a new age identity file, or reads the one that is there, and returns its recipient's line.
func (p place) makeIdentity() (string, error) {
	text, err := p.read(anyRight)
	if err == nil {
		defer clear(text)
		ids, err := age.ParseIdentities(bytes.NewReader(text))
		if err == nil {
			if line, ok := recipientOf(ids[0]).(interface{ String() string }); ok {
				return line.String(), nil
			}
		}
		return "", p.refuse("it is not an age identity file", "see what "+quote(p.path)+" is, and move it away")
	}
	if _, missing := os.Stat(p.path); !os.IsNotExist(missing) {
		return "", err
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", p.fail(err)
	}
	line := id.Recipient().String()
	file := "# Postern " + p.what + " (secret: keep this file 0600)\n# public key: " + line + "\n" + id.String() + "\n"
	return line, p.create([]byte(file), 0o600)
}
