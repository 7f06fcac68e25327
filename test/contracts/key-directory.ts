/** What every key directory does, in files and in secrets. */
import { describe, expect, it } from 'vitest';
import type { KeyFile, KeyStore } from '../../lib/signing/key-store.ts';

const FILES: readonly KeyFile[] = ['ring.json', 'root.json', 'public.json'];
/** The odd ones: characters that no file or no secret can have in its name, or that end like a secret's ARN. */
const SERVICES = ['registry.example', 'localhost:5000', '..', 'a=3Ab', 'acme-docker', "it's+odd~#?*"];

/** `open` answers another view of one and the same fresh directory, as another process has it. */
export function keyDirectoryContract(name: string, fresh: () => Promise<() => KeyStore>): void {
  const put = (directory: KeyStore, service: string, file: KeyFile, text: string) =>
    directory.transaction(service, async keys => {
      await keys.read(file);
      await keys.write(file, text);
    });

  describe(`a key directory: ${name}`, () => {
    it('has nothing of a service that it does not know', async () => {
      const directory = (await fresh())();
      for (const file of FILES) expect(await directory.read('registry.example', file)).toBeUndefined();
    });

    it('keeps each file of each service apart, and shows it to others', async () => {
      const open = await fresh();
      for (const service of SERVICES)
        for (const file of FILES) await put(open(), service, file, `${service} ${file} 1`);
      for (const service of SERVICES) await put(open(), service, 'ring.json', `${service} ring.json 2`);
      for (const service of SERVICES) {
        const other = open();
        expect(await other.read(service, 'ring.json')).toBe(`${service} ring.json 2`);
        expect(await other.read(service, 'root.json')).toBe(`${service} root.json 1`);
        expect(await other.read(service, 'public.json')).toBe(`${service} public.json 1`);
      }
    });

    it('shows who holds it what he has written', async () => {
      const directory = (await fresh())();
      const seen = await directory.transaction('a', async keys => {
        const before = await keys.read('ring.json');
        await keys.write('ring.json', '1');
        const first = await keys.read('ring.json');
        await keys.write('ring.json', '2');
        return [before, first, await keys.read('ring.json')];
      });
      expect(seen).toEqual([undefined, '1', '2']);
    });

    it('loses none of the updates of several writers', async () => {
      const open = await fresh();
      const add = (letter: string) =>
        open().transaction('a', async keys => {
          const before = (await keys.read('ring.json')) ?? '';
          await new Promise(resolve => setTimeout(resolve, 5));
          await keys.write('ring.json', before + letter);
        });
      await Promise.all(['a', 'b', 'c', 'd'].map(add));
      expect([...((await open().read('a', 'ring.json')) ?? '')].sort().join('')).toBe('abcd');
    });

    it('passes on what the work throws, and lets the next one in', async () => {
      const directory = (await fresh())();
      const failing = directory.transaction('a', async () => Promise.reject(new Error('at work')));
      await expect(failing).rejects.toThrow('at work');
      await put(directory, 'a', 'ring.json', '1');
      expect(await directory.read('a', 'ring.json')).toBe('1');
    });
  });
}
