import { describe, expect, it } from 'vitest';
import { release } from '../../lib/domain/namespace.ts';
import { namespaceStoreContract } from '../contracts/namespace-store.ts';
import { loseAnswer } from '../support/interfere.ts';
import { aClaim, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();

namespaceStoreContract(open);

describe('a claim whose answer was lost', () => {
  it('recognises itself when it is sent again', async () => {
    const at = await openTable();
    const { namespaces } = storesOn(at);
    loseAnswer(at.client, 'UpdateItemCommand');
    expect(await namespaces.writeClaim(undefined, aClaim())).toBe(true);
    loseAnswer(at.client, 'UpdateItemCommand');
    expect(await namespaces.writeClaim(aClaim(), release(aClaim()))).toBe(true);
  });

  it('does not take the same claim of another request for its own', async () => {
    const at = await openTable();
    const { namespaces } = storesOn(at);
    expect(await namespaces.writeClaim(undefined, aClaim())).toBe(true);
    loseAnswer(at.client, 'UpdateItemCommand');
    expect(await namespaces.writeClaim(undefined, aClaim())).toBe(false);
    expect(await namespaces.writeClaim(undefined, aClaim({ account: OTHER_ACCOUNT }))).toBe(false);
  });
});
