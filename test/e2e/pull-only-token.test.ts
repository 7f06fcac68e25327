/** A pull-only token cannot push, and its user reads why. */
import { describe, it } from 'vitest';
import { CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { FOREIGN_PUSH_REFUSED, PULL_REFUSED, PUSH_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it.each(CLIENTS)('%s cannot push with a pull-only token', async name => {
    const { reference } = await world().pushed(`team-a/${name}`);
    const { token } = await world().pullpass.addToken({ access: 'pull' });
    const client = await world().loggedIn(name, token);

    expectRefusal(await client.push(await world().image(), reference), PUSH_REFUSED[name]);
    expectSuccess(await client.pull(reference));
  });

  it.each(CLIENTS)('%s reaches only the repositories that the token names', async name => {
    const inside = await world().pushed(`team-a/inside/${name}`);
    const outside = await world().pushed(`team-a/inside-out/${name}`);
    const { token } = await world().pullpass.addToken({ access: 'push', repositories: ['team-a/inside/*'] });
    const client = await world().loggedIn(name, token);

    expectSuccess(await client.push(await world().image(), inside.reference));
    expectSuccess(await client.pull(inside.reference));
    expectRefusal(await client.push(await world().image(), outside.reference), FOREIGN_PUSH_REFUSED[name]);
    expectRefusal(await client.pull(outside.reference), PULL_REFUSED[name]);
  });
});
