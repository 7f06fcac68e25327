/** Documents of keys that are damaged, absent or of another service: what the operator reads, and never a value. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as v from '../../lib/domain/schema.ts';
import { cached, directoryName, fileKeyStore, type KeyReader } from '../../lib/signing/key-store.ts';
import { readDocument, writeDocument } from '../../lib/signing/keys.ts';
import { keyPublication, readPublicDocument } from '../../lib/signing/publication.ts';
import { cachedRings } from '../../lib/signing/ring.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { accessTokenSigner } from '../../lib/signing/signer.ts';
import { rejectionOf } from '../support/errors.ts';
import { claimsFor, context, KID, NOW, temporaryDirectory, X5C } from './context.ts';

const holding = (text: string | undefined): KeyReader => ({ read: async () => text });

describe('a document', () => {
  const schema = v.strictObject({ a: v.number(), b: v.array(v.string()) });

  it('is read as it was written, and ends with a line feed', () => {
    const document = { a: 1, b: ['x'] };
    expect(readDocument(schema, writeDocument(document), 'it')).toEqual(document);
    expect(writeDocument(document)).toBe('{\n  "a": 1,\n  "b": [\n    "x"\n  ]\n}\n');
  });

  it.each([
    ['no JSON', '{"a": SECRET}', 'it: not JSON'],
    ['another kind of JSON', '7', 'it: not valid at $'],
    ['two wrong members', '{"a":"SECRET","b":["x",7]}', 'it: not valid at a, b.1'],
    ['a member too many', '{"a":1,"b":[],"SECRET-less":1}', 'it: not valid at SECRET-less'],
  ])('that is %s is refused with its name and the places at fault', (_, text, message) => {
    expect(() => readDocument(schema, text, 'it')).toThrow(new Error(message));
  });
});

describe('a public document', () => {
  it('of another service, profile or algorithm is refused', async () => {
    const { directory, textOf } = await context([KID]);
    await maintainRing(KID, directory, NOW);
    const text = await textOf(KID, 'public.json');
    const refused = `the public document of ${KID.name}: of another service, profile or algorithm`;
    expect(readPublicDocument(text, KID)).toMatchObject({ service: KID.name, bundle: null });
    for (const other of [{ profile: 'x5c' }, { algorithm: 'RS256' }] as const) {
      expect(() => readPublicDocument(text, { ...KID, ...other })).toThrow(new Error(refused));
    }
    expect(() => readPublicDocument(text.replace(KID.name, 'x'), KID)).toThrow(new Error(refused));
    expect(() => readPublicDocument('{', KID)).toThrow(`the public document of ${KID.name}: not JSON`);
  });

  it('without a bundle where there should be one is unavailable', async () => {
    const { directory, textOf } = await context([X5C]);
    await maintainRing(X5C, directory, NOW);
    const text = JSON.stringify({ ...JSON.parse(await textOf(X5C, 'public.json')), bundle: null });
    const publication = keyPublication([X5C], holding(text));
    expect(await rejectionOf(publication.rootCertBundle(X5C.name, NOW))).toMatchObject({
      code: 'unavailable',
      details: { reason: `no bundle for ${X5C.name}` },
    });
  });
});

describe('a document that cannot be had', () => {
  const parse = (text: string) => text;

  it('because there is none is unavailable, with its file in the log', async () => {
    const document = cached({ keys: holding(undefined), file: 'ring.json', parse });
    expect(await rejectionOf(document(X5C, NOW))).toMatchObject({
      code: 'unavailable',
      details: {
        reason: `no ring.json for ${X5C.name}`,
        cause: { message: `ring.json of ${X5C.name}: missing` },
      },
    });
  });

  it('because it is not read is an error, never an absence', async () => {
    const path = await temporaryDirectory();
    await mkdir(join(path, directoryName(X5C.name), 'ring.json'), { recursive: true });
    const keys = fileKeyStore(path);
    await expect(keys.read(X5C.name, 'ring.json')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await keys.read(X5C.name, 'root.json')).toBeUndefined();
  });

  it('because no key in it is usable is unavailable', async () => {
    const { directory, textOf } = await context([KID]);
    await maintainRing(KID, directory, NOW);
    const rings = cachedRings(holding(await textOf(KID, 'ring.json')));
    const signer = accessTokenSigner({ services: [KID], rings });
    const early = NOW - 1;
    expect(await rejectionOf(signer.sign(claimsFor(KID, early), early))).toMatchObject({
      code: 'unavailable',
      details: { reason: `no usable key for ${KID.name}` },
    });
  });
});
