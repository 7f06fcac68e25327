/** A namespace claim as an item. */

import type { NamespaceClaim } from '../domain/namespace-claim.ts';
import { isNamespace } from '../domain/repository.ts';
import { asInteger, asOneOf, asQualified, type Item, integer, malformed, read, text } from './attributes.ts';
import { NAMESPACE_PREFIX, nameIn } from './keys.ts';

/** The attributes of a claim; its name is in its key. */
export function toClaimItem(claim: NamespaceClaim): Item {
  return { account: text(claim.account), state: text(claim.state), epoch: integer(claim.epoch) };
}

/** The claim in an item. Throws `internal` when the item is malformed. */
export function fromClaimItem(item: Item): NamespaceClaim {
  const name = nameIn(item, 'pk', NAMESPACE_PREFIX);
  if (!isNamespace(name)) throw malformed(item, 'pk');
  return {
    name,
    account: read(item, 'account', asQualified),
    state: read(item, 'state', asOneOf('held', 'released')),
    epoch: read(item, 'epoch', asInteger),
  };
}
