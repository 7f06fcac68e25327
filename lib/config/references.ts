/** References to secrets: our own are named by where they lie, never given. */
import * as v from 'valibot';

/** A place on this machine. */
export interface FileReference {
  readonly kind: 'file';
  readonly path: string;
}

/** The rings, roots and public documents of all services: the secrets whose names begin with the prefix and a slash. */
export interface SecretsReference {
  readonly kind: 'secrets';
  readonly region: string;
  readonly prefix: string;
}

export interface SecretReference {
  readonly kind: 'secret';
  readonly region: string;
  readonly name: string;
}

export interface KmsReference {
  readonly kind: 'kms';
  readonly region: string;
  /** What the ARNs of all keys of that account and region begin with. */
  readonly keys: string;
  readonly id: string;
}

/** A DynamoDB table of its own. */
export interface TableReference {
  readonly kind: 'table';
  readonly region: string;
  readonly table: string;
}

type Text = v.GenericSchema<unknown, string>;

const FILE = /^file:(\/.*)$/s;

/** Secrets are read by their names, in the account of whoever reads. */
const SECRET =
  /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:([A-Za-z0-9_+=.@-]+(?:\/[A-Za-z0-9_+=.@-]+)*)$/;

/** With what Secrets Manager adds to a name, an ARN would be taken for that of another secret. */
const SUFFIX = /-[A-Za-z0-9]{6}$/;

/** Not an alias: records name the key that they need for as long as they live. */
const KMS =
  /^(arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

const TABLE = /^arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):\d{12}:table\/([A-Za-z0-9_.-]{3,255})$/;

export function secretsReference(text: Text) {
  return reference<SecretsReference>(text, {
    parse: value => {
      const [, region, prefix] = SECRET.exec(value) ?? [];
      return region === undefined || prefix === undefined ? undefined : { kind: 'secrets', region, prefix };
    },
    shape: 'the ARN that the secrets of all services begin with',
  });
}

export function secretReference(text: Text) {
  return reference<SecretReference>(text, {
    parse: value => {
      const [, region, name] = SECRET.exec(value) ?? [];
      if (region === undefined || name === undefined || SUFFIX.test(name)) return undefined;
      return { kind: 'secret', region, name };
    },
    shape: 'the ARN of a secret without the six characters at its end',
  });
}

export function keyReference(text: Text) {
  return reference<KmsReference>(text, {
    parse: value => {
      const [, keys, region, id] = KMS.exec(value) ?? [];
      if (keys === undefined || region === undefined || id === undefined) return undefined;
      return { kind: 'kms', region, keys, id };
    },
    shape: 'the ARN of a KMS key',
  });
}

export function ledgerReference(text: Text) {
  return reference<TableReference>(text, {
    parse: value => {
      const [, region, table] = TABLE.exec(value) ?? [];
      return region === undefined || table === undefined ? undefined : { kind: 'table', region, table };
    },
    shape: 'the ARN of a DynamoDB table',
  });
}

/** Either a file, or what `parse` makes of an ARN. */
function reference<R>(text: Text, on: { parse: (value: string) => R | undefined; shape: string }) {
  return v.pipe(
    text,
    v.rawTransform<string, FileReference | R>(({ dataset, addIssue, NEVER }) => {
      const [, path] = FILE.exec(dataset.value) ?? [];
      const found = path === undefined ? on.parse(dataset.value) : { kind: 'file' as const, path };
      if (found !== undefined) return found;
      addIssue({ message: `must be file: and an absolute path, or ${on.shape}` });
      return NEVER;
    }),
  );
}
