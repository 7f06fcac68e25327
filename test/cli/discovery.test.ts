/** What a deployment may say of itself, for those that are not on this machine and so cannot be played here. */
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../cli/broker.ts';
import { discover } from '../../cli/discovery.ts';

const at = (url: string, endpoint: string) => {
  const metadata = {
    issuer: url,
    pullpass_services: [],
    pullpass_issuers: [{ key: 'dev', issuer: 'https://iam', token_endpoint: endpoint, client_id: null }],
  };
  return discover({ url, ask: async () => metadata } as unknown as Broker);
};

describe('the token endpoint of a deployment', () => {
  const TAKEN = [
    ['https://eu.example', 'https://iam.example/token'],
    ['http://localhost:8080', 'http://127.0.0.1:8080/iam/token'],
    ['http://localhost:8080', 'https://iam.example/token'],
  ] as const;
  it.each(TAKEN)('of %s may be %s', async (url, endpoint) => {
    expect((await at(url, endpoint)).issuer?.tokenEndpoint).toBe(endpoint);
  });

  const REFUSED = [
    ['https://eu.example', 'http://iam.example/token'],
    // Another user's process could listen there.
    ['https://eu.example', 'http://127.0.0.1:8080/token'],
    ['https://eu.example', 'https://user@iam.example/token'],
    ['http://localhost:8080', 'http://iam.example/token'],
  ] as const;
  it.each(REFUSED)('of %s may not be %s', async (url, endpoint) => {
    await expect(at(url, endpoint)).rejects.toThrow('nothing was sent to it');
  });
});
