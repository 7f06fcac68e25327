/** Warns of repositories outside the namespaces of the account, in which tokens, policies and trusts grant nothing. */
import * as v from 'valibot';
import { NAMESPACE } from '../../lib/api/responses.ts';
import { namespaceOf } from '../../lib/domain/repository.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Session } from '../session.ts';

export const NAMESPACES = v.object({ namespaces: v.array(v.looseObject(NAMESPACE.entries)) });

/** Never fails: what was asked for has been done. */
export async function warnOfUnheld(
  { output }: Context,
  session: Session,
  { repositories }: { readonly repositories: readonly string[] | null },
): Promise<void> {
  const held = await namesOf(session);
  if (held === undefined) return;
  if (repositories === null) {
    if (held.size > 0) return;
    return output.warning('The account has no namespace yet, so this grants nothing.', {
      next: 'Register one with: pullpass namespace-add NAME',
    });
  }
  const unheld = repositories.filter(pattern => !held.has(namespaceOf(pattern)));
  if (unheld.length === 0) return;
  const names = [...new Set(unheld.map(namespaceOf))];
  const which = names.length === 1 ? 'a namespace' : 'namespaces';
  await output.warning(
    `This grants nothing in ${unheld.join(', ')}: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not ${which} of the account.`,
    {
      next: `Check the spelling, or register with: pullpass namespace-add ${names[0]}`,
    },
  );
}

async function namesOf(session: Session): Promise<ReadonlySet<string> | undefined> {
  try {
    const { namespaces } = await session.ask(NAMESPACES, { path: '/v1/namespaces' });
    return new Set(namespaces.map(({ name }) => name));
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
