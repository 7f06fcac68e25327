/** Where the registries of several services listen on this machine. */
import { expect, it } from 'vitest';
import { portsOf } from '../../local/registry-addresses.ts';

it.each([
  [['localhost:5055'], ['5055']],
  [
    ['registry.example.com', 'eu.registry.example.com'],
    ['5000', '5001'],
  ],
  [
    ['registry.example.com', 'localhost:5000', 'eu.registry.example.com'],
    ['5001', '5000', '5002'],
  ],
  [
    ['registry.example.com:443', 'eu.registry.example.com:443'],
    ['443', '5000'],
  ],
  [
    ['localhost:5000', '[::1]:5000'],
    ['5000', '5000'],
  ],
  [
    ['localhost:5000', 'shop.example.com:5000'],
    ['5000', '5001'],
  ],
  [
    ['[2001:db8::7]', 'localhost:5055'],
    ['5000', '5055'],
  ],
])('registries at %j listen at ports %j: the ones that clients know, and no one twice', (registries, ports) =>
  expect(portsOf(registries)).toEqual(ports),
);
