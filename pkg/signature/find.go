package signature

import (
	"time"

	"golang.org/x/crypto/ssh"
)

// Find returns the line of the list that allows the key for the namespace at the time, as Verify does for the key of a
// signature. It is for what is signed with a key of the list in another form than SSHSIG, such as a checkpoint of the
// register. The error wraps ErrNotAllowed, or says what is wrong with the list.
func (a AllowedSigners) Find(key ssh.PublicKey, namespace string, at time.Time) (Signer, error) {
	if err := a.check(); err != nil {
		return Signer{}, err
	}
	return a.find(key, namespace, at)
}
