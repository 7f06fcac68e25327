/** Which requests go through the proxy of the environment. */
import { describe, expect, it } from 'vitest';
import { readProxies, VariableError } from '../../lib/network/proxies.ts';

const PROXY = 'http://proxy.corp.test:3128';
const way = (url: string, variables: Record<string, string>) =>
  readProxies(variables)(new URL(url))?.url.href;
const isProxied = (url: string, noProxy: string) =>
  way(url, { HTTPS_PROXY: PROXY, NO_PROXY: noProxy }) !== undefined;

describe('the proxy is', () => {
  const CASES: Record<string, [Record<string, string>, string | undefined]> = {
    'none without a variable': [{}, undefined],
    'none of an empty variable': [{ HTTPS_PROXY: '', https_proxy: ' ' }, undefined],
    'that of HTTPS_PROXY': [{ HTTPS_PROXY: PROXY }, `${PROXY}/`],
    'that in lower case before that in upper case': [
      { https_proxy: PROXY, HTTPS_PROXY: 'http://other:1' },
      `${PROXY}/`,
    ],
    'that of HTTP_PROXY where no other is set': [{ HTTP_PROXY: PROXY }, `${PROXY}/`],
    'that of HTTPS_PROXY before that of HTTP_PROXY': [
      { http_proxy: 'http://other:1', HTTPS_PROXY: PROXY },
      `${PROXY}/`,
    ],
    'one that is written without a scheme': [{ HTTPS_PROXY: 'proxy.corp.test:3128' }, `${PROXY}/`],
    'one with blanks around it': [{ HTTPS_PROXY: ` ${PROXY}\n` }, `${PROXY}/`],
    'one that speaks TLS': [{ HTTPS_PROXY: 'https://proxy.corp.test' }, 'https://proxy.corp.test/'],
  };
  it.each(Object.entries(CASES))('%s', (_, [variables, proxy]) => {
    expect(way('https://pullpass.example', variables)).toBe(proxy);
  });

  it.each(['socks5://h:1', 'ftp://h', 'http://', '://', 'http://h:99999'])('refused when it is %s', value => {
    expect(() => readProxies({ HTTPS_PROXY: value })).toThrow(VariableError);
  });
});

describe('NO_PROXY', () => {
  const DIRECT = [
    ['https://pullpass.example', '*'],
    ['https://pullpass.example', 'pullpass.example'],
    ['https://PULLPASS.example', 'Pullpass.Example'],
    ['https://pullpass.example', 'other, pullpass.example'],
    ['https://pullpass.example', 'other pullpass.example'],
    ['https://pullpass.corp.example', 'corp.example'],
    ['https://pullpass.corp.example', '.corp.example'],
    ['https://pullpass.corp.example', '*.corp.example'],
    ['https://pullpass.example', 'pullpass.example:443'],
    ['https://pullpass.example:8443', 'pullpass.example:8443'],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3:5000', '10.1.2.3:5000'],
    ['https://[2001:db8::1]', '2001:db8::1'],
    ['https://[2001:db8::1]', '[2001:DB8::1]'],
    ['https://[2001:db8::1]', '2001:db8::/32'],
    ['https://127.0.0.1', ''],
    ['https://localhost:5000', ''],
    ['https://[::1]:5000', ''],
    ['http://localhost:8080', ''],
  ] as const;
  it.each(DIRECT)('lets %s go directly by "%s"', (url, noProxy) => {
    expect(isProxied(url, noProxy)).toBe(false);
  });

  const PROXIED = [
    ['https://pullpass.example', ''],
    ['https://pullpass.example', 'ullpass.example'],
    ['https://pullpass.example', 'pullpass.example:8443'],
    ['https://pullpass.example:8443', 'pullpass.example:443'],
    ['https://pullpass.example.org', 'pullpass.example'],
    ['https://10.1.2.3', '10.1.2.0/33'],
    ['https://10.1.2.3', '192.168.0.0/16'],
    ['https://[2001:db8::1]', '2001:db9::/32'],
    ['https://pullpass.example', '10.0.0.0/8'],
  ] as const;
  it.each(PROXIED)('sends %s through the proxy with "%s"', (url, noProxy) => {
    expect(isProxied(url, noProxy)).toBe(true);
  });

  it('counts in lower case too', () => {
    expect(way('https://a.example', { https_proxy: PROXY, no_proxy: 'a.example' })).toBeUndefined();
  });
});

describe('this machine', () => {
  const local = { HTTPS_PROXY: 'http://127.0.0.1:3128', HTTP_PROXY: 'http://127.0.0.1:3128' };

  it('is asked through a proxy that runs on it, over TLS', () => {
    expect(way('https://localhost:5000', local)).toBe('http://127.0.0.1:3128/');
    expect(way('https://localhost:5000', { ...local, NO_PROXY: 'localhost' })).toBeUndefined();
  });

  it('is asked by plain http without any proxy, so that secrets do not leave it', () => {
    expect(way('http://localhost:8080', local)).toBeUndefined();
  });
});
