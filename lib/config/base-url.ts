/** The base URL of the deployment. It is the `iss` of access tokens, which is compared byte for byte: it gets one spelling. */
import * as v from 'valibot';

/** As people write it: capitals in the host, the port that it has anyway, and a slash at the end mean the same URL. */
export const baseUrl = v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
  const fault = faultOf(dataset.value.trim());
  if (fault === undefined) return new URL(dataset.value).origin;
  addIssue({ message: fault });
  return NEVER;
});

function faultOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^[a-z]+:\/\//i.test(text)) return `must begin with https:// or http://`;
  const { protocol, username, password, pathname, search, hash, origin, host } = url;
  if (!/^https?:$/.test(protocol)) return `must begin with https:// or http://, not ${protocol}//`;
  if (username !== '' || password !== '')
    return `must have no user name or password; write ${protocol}//${host}`;
  if (pathname !== '/')
    return `must have no path, because the paths of registries and clients are fixed; write ${origin}`;
  return search === '' && hash === '' && !/[?#]/.test(text)
    ? undefined
    : `must have no query; write ${origin}`;
}
