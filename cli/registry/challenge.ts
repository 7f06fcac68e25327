/** Whether a registry sends its clients to the deployment that it belongs to: nothing is handed out before that is sure. */
import { CliError } from '../failure.ts';
import { printable } from '../text.ts';
import { askRegistry, type Question, type RegistryAnswer } from './ask.ts';
import { parseChallenges } from './challenges.ts';

/** Whom a registry must send its clients to. */
export interface Expected {
  /** Of the target: the deployment's `PULLPASS_URL`. */
  readonly url: string;
  readonly service: string;
}

/** The two names of the login endpoint. */
const LOGIN_PATHS = ['/oauth/token', '/auth/token'];
const MAX_SHOWN = 200;

/**
 * Asks the registry without any credential, and answers what it said when it sends its clients to exactly this
 * deployment and service. Throws a Failure that says what differs: a realm elsewhere would get the user's secret.
 */
export async function checkRegistry(
  expected: Expected,
  question: Omit<Question, 'accessToken'>,
): Promise<RegistryAnswer> {
  const answer = await askRegistry(question);
  requireChallenge(question.registry, answer, expected);
  return answer;
}

/** Throws a Failure unless what the registry answered is the one challenge that it must have. */
export function requireChallenge(registry: string, answer: RegistryAnswer, expected: Expected): void {
  const fault = challengeFault(answer, expected);
  if (fault === undefined) return;
  throw new CliError(`${registry} ${fault}`, {
    code: 'wrong-registry',
    next: `If the registry is yours, give it what "pullpass registry-config ${expected.service}" prints and restart it. If it is not, do not log in to it.`,
  });
}

/** What is wrong with what a registry asks for, as the end of a sentence about it; undefined: nothing. */
function challengeFault(answer: RegistryAnswer, expected: Expected): string | undefined {
  if (answer.status !== 401) {
    return answer.status === 200
      ? 'lets everybody in: it asks for no token.'
      : `answers with status ${answer.status} where it should ask for a token.`;
  }
  const bearers = parseChallenges(answer.challenges)?.filter(({ scheme }) => scheme === 'bearer') ?? [];
  const [bearer, ...others] = bearers;
  if (bearer === undefined || others.length > 0) {
    return `does not ask for one token; its challenge is ${shown(answer.challenges)}.`;
  }
  const realm = bearer.parameters.get('realm') ?? '';
  const realms = LOGIN_PATHS.map(path => expected.url + path);
  if (!realms.includes(realm)) return `has the realm ${shown(realm)}, which must be "${realms[0]}".`;
  const service = bearer.parameters.get('service') ?? '';
  if (service === expected.service) return undefined;
  return `has the service ${shown(service)}, which must be "${expected.service}".`;
}

function shown(text: string): string {
  return `"${printable(text.slice(0, MAX_SHOWN))}"`;
}
