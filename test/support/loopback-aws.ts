/**
 * Secrets Manager and KMS on loopback, as far as their documents bind them: what `lib/aws/secrets.ts` and
 * `lib/derivation/derivation.ts` rely on, and ways in which they fail. The same tests run against moto.
 */
import { createHmac, randomBytes as systemRandomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type AwsCall, type AwsService, awsClient } from '../../lib/aws/client.ts';
import type { TimeLimits } from '../../lib/aws/connections.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { RandomBytes } from '../../lib/ports/system.ts';

export const REGION = 'eu-central-1';

export interface AwsRequest {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it knows to be there
  readonly input: any;
}

interface AwsAnswer {
  readonly status: number;
  readonly body: object;
}

interface StoredSecret {
  /** Scheduled for deletion: only RestoreSecret works on it. */
  deleted?: boolean;
  /** The status of its copy in each region that has one. */
  readonly copies: Map<string, string>;
  readonly versions: Map<string, { readonly text: string; readonly labels: Set<string> }>;
}

export class LoopbackAws {
  readonly requests: AwsRequest[] = [];
  /** Answers in place of the service, or never; undefined: it is the service's turn. */
  instead: (request: AwsRequest) => AwsAnswer | 'never' | undefined = () => undefined;
  /** Whether the answer to a request that was carried out is lost. */
  loses: (request: AwsRequest) => boolean = () => false;
  /** HMAC keys by ARN. */
  readonly macKeys = new Map<string, Uint8Array>();
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<LoopbackAws> {
    const aws = new LoopbackAws();
    await new Promise<void>(resolve => aws.#server.listen(0, '127.0.0.1', resolve));
    return aws;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A caller of its own, as another process has it; it does not wait before a second attempt. */
  caller(service: AwsService): AwsCall {
    return callerOf(service, this.endpoint, count => new Uint8Array(count));
  }

  /** The current text of a secret. */
  textOf(name: string): string | undefined {
    return this.#current(name)?.text;
  }

  /** The regions that a secret has copies in. */
  copiesOf(name: string): string[] {
    return [...(this.#secrets.get(name)?.copies.keys() ?? [])];
  }

  get names(): string[] {
    return [...this.#secrets.keys()].sort();
  }

  delete(name: string): void {
    this.#secrets.delete(name);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, operation = ''] = String(message.headers['x-amz-target']).split('.');
    const request = { operation, input: JSON.parse(await text(message)) };
    this.requests.push(request);
    const answer = this.instead(request) ?? this.#carryOut(request);
    if (answer === 'never') return;
    const { status, body } = answer;
    if (this.loses(request)) message.socket.destroy();
    else
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  }

  #carryOut({ operation, input }: AwsRequest): AwsAnswer {
    const named = this.#secrets.get(input.SecretId ?? input.Name);
    if (named?.deleted && !/^(?:Describe|Restore)Secret$/.test(operation)) return MARKED_FOR_DELETION;
    switch (operation) {
      case 'DeleteSecret':
      case 'RestoreSecret':
        if (named === undefined) return refused('ResourceNotFoundException');
        if (operation === 'DeleteSecret' && named.copies.size > 0) return HAS_COPIES;
        named.deleted = operation === 'DeleteSecret';
        return { status: 200, body: {} };
      case 'DescribeSecret':
      case 'ReplicateSecretToRegions':
      case 'RemoveRegionsFromReplication':
        return named === undefined ? refused('ResourceNotFoundException') : copy(named, input);
      case 'GetSecretValue':
        return this.#get(input.SecretId);
      case 'CreateSecret':
        return this.#create(input);
      case 'PutSecretValue':
        return this.#put(input);
      case 'UpdateSecretVersionStage':
        return this.#move(input);
      case 'GenerateMac':
        return this.#mac(input);
      default:
        return refused('UnknownOperationException');
    }
  }

  #get(name: string): AwsAnswer {
    const current = this.#current(name);
    return current === undefined
      ? refused('ResourceNotFoundException')
      : { status: 200, body: { Name: name, VersionId: current.id, SecretString: current.text } };
  }

  #create({ Name, ClientRequestToken, SecretString, AddReplicaRegions }: AwsRequest['input']): AwsAnswer {
    const known = this.#secrets.get(Name);
    if (known !== undefined) {
      const same = known.versions.get(ClientRequestToken)?.text === SecretString;
      return same ? { status: 200, body: {} } : refused('ResourceExistsException');
    }
    const version = { text: SecretString, labels: new Set(['AWSCURRENT']) };
    const secret = { versions: new Map([[ClientRequestToken, version]]), copies: new Map() };
    this.#secrets.set(Name, secret);
    return copy(secret, { AddReplicaRegions });
  }

  #put({ SecretId, ClientRequestToken, SecretString, VersionStages }: AwsRequest['input']): AwsAnswer {
    const secret = this.#secrets.get(SecretId);
    if (secret === undefined) return refused('ResourceNotFoundException');
    const known = secret.versions.get(ClientRequestToken);
    if (known !== undefined) {
      return known.text === SecretString ? { status: 200, body: {} } : refused('ResourceExistsException');
    }
    for (const { labels } of secret.versions.values())
      for (const label of VersionStages) labels.delete(label);
    secret.versions.set(ClientRequestToken, { text: SecretString, labels: new Set(VersionStages) });
    return { status: 200, body: {} };
  }

  #move({ SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId }: AwsRequest['input']): AwsAnswer {
    const versions = this.#secrets.get(SecretId)?.versions;
    const to = versions?.get(MoveToVersionId);
    const from = versions?.get(RemoveFromVersionId);
    if (to === undefined || !from?.labels.has(VersionStage)) return refused('InvalidParameterException');
    from.labels.delete(VersionStage);
    to.labels.add(VersionStage);
    return { status: 200, body: {} };
  }

  #mac({ KeyId, MacAlgorithm, Message }: AwsRequest['input']): AwsAnswer {
    const key = this.macKeys.get(KeyId);
    if (key === undefined) return refused('NotFoundException');
    const mac = createHmac('sha256', key).update(Buffer.from(Message, 'base64')).digest('base64');
    return { status: 200, body: { KeyId, MacAlgorithm, Mac: mac } };
  }

  #current(name: string): { id: string; text: string } | undefined {
    const versions = [...(this.#secrets.get(name)?.versions ?? [])];
    const [found] = versions.filter(([, { labels }]) => labels.has('AWSCURRENT'));
    return found && { id: found[0], text: found[1].text };
  }
}

/** Adds and removes copies, and answers which there are. */
function copy({ copies }: StoredSecret, input: AwsRequest['input']): AwsAnswer {
  for (const { Region } of input.AddReplicaRegions ?? []) copies.set(Region, 'InSync');
  for (const region of input.RemoveReplicaRegions ?? []) copies.delete(region);
  const ReplicationStatus = [...copies].map(([Region, Status]) => ({ Region, Status }));
  return { status: 200, body: ReplicationStatus.length === 0 ? {} : { ReplicationStatus } };
}

/** A caller with the settings of production. */
export function callerOf(
  service: AwsService,
  endpoint: string,
  randomBytes: RandomBytes = systemRandomBytes,
): AwsCall {
  return callerIn(REGION, service, { endpoint, randomBytes });
}

interface CallerOptions {
  readonly endpoint: string;
  readonly randomBytes?: RandomBytes;
  /** An emulator on a busy machine takes longer than AWS may. */
  readonly limits?: TimeLimits;
}

/** The same in any region. */
export function callerIn(
  region: string,
  service: AwsService,
  { endpoint, randomBytes = systemRandomBytes, limits }: CallerOptions,
): AwsCall {
  const credentials = {
    accessKeyId: 'id',
    secretAccessKey: new Secret('secret'),
    sessionToken: undefined,
  };
  const patience = limits === undefined ? {} : { limits };
  return awsClient(service, { region, endpoint, credentials, clock: Date.now, randomBytes, ...patience });
}

const MARKED_FOR_DELETION: AwsAnswer = {
  status: 400,
  body: {
    __type: 'InvalidRequestException',
    Message: "You can't perform this operation on the secret because it was marked for deletion.",
  },
};

const HAS_COPIES: AwsAnswer = {
  status: 400,
  body: {
    __type: 'InvalidParameterException',
    Message: "You can't delete secret that still has replica regions.",
  },
};

/** How the service refuses. */
export function refused(name: string, status = 400): AwsAnswer {
  return { status, body: { __type: name, Message: 'A reason.' } };
}
