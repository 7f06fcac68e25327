/** Which service a name, or the host of a registry as people write it, stands for. */

import { describe, expect, it } from 'vitest';
import { serviceMeant, serviceNamed } from '../../lib/api/services.ts';
import type { Service } from '../../lib/domain/service.ts';
import { errorOf } from '../support/errors.ts';
import { SERVICE } from '../support/records.ts';

const service = (name: string, registry = name): Service => ({ ...SERVICE, name, registry });
const EU = service('eu', 'registry.example:5000');
const US = service('us', 'us.registry.example');
const [BLUE, GREEN] = [service('blue', 'shared.example'), service('green', 'shared.example')];
const ALL = [EU, US, BLUE, GREEN];
const SERVED = 'This deployment serves: eu, us, blue, green.';

describe('the service that a caller means', () => {
  it.each([
    ['eu', EU],
    ['registry.example:5000', EU],
    ['https://registry.example:5000', EU],
    ['http://registry.example:5000/', EU],
    ['Registry.Example:5000', EU],
    ['https://registry.example:5000/v2/', EU],
    ['us.registry.example', US],
    ['us.registry.example:443', US],
    ['blue', BLUE],
  ])('is %s', (text, expected) => {
    expect(serviceMeant(text, ALL)).toBe(expected);
  });

  it.each([
    ['registry.example', "There is no service 'registry.example'."],
    ['registry.example:50000', "There is no service 'registry.example:50000'."],
    ['registry.example:5000/team-a', "There is no service 'registry.example:5000/team-a'."],
    ['EU', "There is no service 'EU'."],
    ['shared.example', "'shared.example' is the host of several services; name one of them."],
    ['', 'There is no service of that name.'],
    ['plp_0123456789', 'There is no service of that name.'],
    [undefined, 'Name a service.'],
  ])('is none for %s, and the caller reads which there are', (text, says) => {
    const { code, details } = errorOf(() => serviceMeant(text, ALL));
    expect([code, details.detail]).toEqual(['unknown-service', `${says} ${SERVED}`]);
    expect(details.reason).toBe('unknown service');
  });

  it('is the only one where none is named', () => {
    expect(serviceMeant(undefined, [EU])).toBe(EU);
  });

  it('is by its name alone at the login endpoint, because the registry compares it', () => {
    expect(serviceNamed('eu', ALL)).toBe(EU);
    expect(errorOf(() => serviceNamed('registry.example:5000', ALL)).details.detail).toContain(SERVED);
  });
});
