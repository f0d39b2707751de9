package export

import (
	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/signature"
)

// What KeysBody says of a key.
const (
	keyMade    = "made"
	keyRotated = "rotated" // made for a later epoch
	keyFound   = "found"   // it was there, and the register had not heard of it
)

// CouncilKeys are the council's keys, made or met, as the register records them. Items are those of custody.NewCouncil.
func (g *Gateway) CouncilKeys(items []custody.Item) ([]KeysBody, error) {
	signing, err := g.Keys.SigningPublicKey()
	if err != nil {
		return nil, err
	}
	registers, err := g.Keys.RegisterPublicKey()
	if err != nil {
		return nil, err
	}
	names := map[string]KeysBody{
		custody.ItemMaster:   {Key: "master"},
		custody.ItemSigning:  {Key: "signing", Public: signature.Fingerprint(signing)},
		custody.ItemRegister: {Key: "register", Public: signature.Fingerprint(registers)},
		custody.ItemRights:   {Key: "rights"},
	}
	var out []KeysBody
	for _, item := range items {
		body, is := names[item.What]
		if !is {
			continue // a folder, or what encrypts the others
		}
		if body.What = keyFound; item.Made {
			body.What = keyMade
		}
		out = append(out, body)
	}
	return out, nil
}

// SaltKey is the salt of an agreement's epoch, made or met, as the register records it: told apart by the key check value,
// which stands in every manifest.
func (g *Gateway) SaltKey(id string, epoch int, item custody.Item) (KeysBody, error) {
	keys, err := g.Keys.AgreementKeys(g.LACode, id, epoch)
	if err != nil {
		return KeysBody{}, err
	}
	body := KeysBody{What: keyFound, Agreement: id, Epoch: epoch, Key: "salt", Public: keys.KeyCheck()}
	switch {
	case item.Made && epoch > 1:
		body.What = keyRotated
	case item.Made:
		body.What = keyMade
	}
	return body, nil
}

// EnterKeys records the keys that the register does not have yet; never a key.
func (b *Books) EnterKeys(keys []KeysBody) error {
	known := make(map[KeysBody]bool)
	for record, err := range b.log.Find(KindKeys) {
		if err != nil {
			return err
		}
		body, err := bodyOf[KeysBody](record)
		if err != nil {
			return err
		}
		body.What = ""
		known[body] = true
	}
	for _, key := range keys {
		id := key
		id.What = ""
		if known[id] {
			continue
		}
		known[id] = true
		if _, err := b.enter(KindKeys, key); err != nil {
			return err
		}
	}
	return nil
}
