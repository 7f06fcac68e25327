/** The end of each help: examples, and the page that says more. */
import type { Command } from 'commander';

const ID = '01a1fdf5-9cc9-784b-80d6-ad7156f1ef9b';

interface HelpEnd {
  /** Command lines without the name of the program. */
  readonly examples: readonly string[];
  /** A section of docs/cli.md, which the package has, too. */
  readonly section: string;
}

/** By the name of the verb in one word. */
const ENDS: Readonly<Record<string, HelpEnd>> = {
  login: {
    section: 'log-in',
    examples: [
      'login --url https://pullpass.example.com --apikey-stdin < apikey',
      'login --url https://pullpass.example.com --oidc-token-file /var/run/secrets/token',
      'login --url https://pullpass.example.com --aws --region eu-central-1',
    ],
  },
  logout: { section: 'log-in', examples: ['logout', 'logout --all'] },
  whoami: { section: 'log-in', examples: ['whoami', 'whoami --target eu --output json'] },
  revoke: {
    section: 'log-in',
    examples: ['revoke --stdin < token', 'revoke --stdin --url https://pullpass.example.com < token'],
  },
  'registry-login': {
    section: 'registries',
    examples: [
      'registry-login',
      'registry-login registry.example.com --client podman',
      'registry-login --readonly --repository "team-a/*" --expires-in 1h',
    ],
  },
  credential: {
    section: 'registries',
    examples: [
      'credential --repository team-a/app',
      'credential --format docker-config --file config.json --expires-in 12h',
      'credential --format kubernetes-secret | kubectl apply -f -',
    ],
  },
  'registry-config': {
    section: 'registries',
    examples: [
      'registry-config',
      'registry-config registry.example.com --directory /etc/distribution',
      'registry-config registry.example.com --for zot --directory /etc/zot',
    ],
  },
  explain: {
    section: 'why-a-login-gets-nothing',
    examples: [
      `explain --token ${ID} --scope repository:team-a/app:pull`,
      'explain --subject IBMid-1234567890 --service registry.example.com',
      'explain --claims-file claims.json --address 192.0.2.1',
      'explain --request 5f3c1d0e-8a53-4b6f-9d53-2f0f4a6a2b11',
    ],
  },
  doctor: { section: 'registries', examples: ['doctor', 'doctor registry.example.com'] },
  probe: { section: 'probe', examples: ['probe', 'probe --namespace team-a --wait'] },
  token: { section: 'tokens', examples: ['token add', 'token list'] },
  namespace: { section: 'the-account', examples: ['namespace add team-a', 'namespace list'] },
  policy: { section: 'the-account', examples: ['policy add --subject "*" --role reader', 'policy list'] },
  trust: { section: 'the-account', examples: ['trust list'] },
  target: { section: 'targets', examples: ['target add eu https://eu.pullpass.example.com', 'target list'] },
  'token-add': {
    section: 'tokens',
    examples: [
      'token-add --description "build farm" --readwrite --expires-in 30d',
      'token-add --repository team-a/app --repository "team-b/*" --non-expiring',
      'token-add --quiet > token',
    ],
  },
  'token-ensure': {
    section: 'tokens',
    examples: [
      'token-ensure build-farm --readwrite --repository "team-a/*" --non-expiring',
      'token-ensure build-farm --readonly --apply --output json',
    ],
  },
  'token-list': {
    section: 'tokens',
    examples: [
      'token-list',
      'token-list --format "table {{.ID}}\\t{{.Description}}"',
      'token-list --wide --state expiring --label team=builds',
      'token-list --unused-for 90d --quiet',
      'token-list --output json',
    ],
  },
  'token-show': { section: 'tokens', examples: [`token-show ${ID}`, 'token-show'] },
  'token-get': { section: 'tokens', examples: [`token-get ${ID}`, `token-get --quiet ${ID}`] },
  'token-rm': {
    section: 'tokens',
    examples: [`token-rm ${ID}`, `token-rm --force ${ID}`, 'token-rm --label team=builds --dry-run'],
  },
  'token-rotate': {
    section: 'tokens',
    examples: [`token-rotate --grace 24h --wait 2h ${ID}`, 'token-rotate --grace 1h'],
  },
  'token-update': {
    section: 'tokens',
    examples: [
      `token-update --label team=builds --owner ops@example.com ${ID}`,
      `token-update --expires-in 30d ${ID}`,
      `token-update --disable ${ID}`,
    ],
  },
  'namespace-add': { section: 'the-account', examples: ['namespace-add team-a'] },
  'namespace-list': { section: 'the-account', examples: ['namespace-list'] },
  'namespace-rm': { section: 'the-account', examples: ['namespace-rm team-a'] },
  'policy-add': {
    section: 'the-account',
    examples: [
      'policy-add --subject IBMid-1234567890 --role writer --repository "team-a/*"',
      'policy-add --subject "*" --role reader',
    ],
  },
  'policy-list': { section: 'the-account', examples: ['policy-list'] },
  'policy-rm': { section: 'the-account', examples: [`policy-rm ${ID}`] },
  'trust-add': {
    section: 'the-account',
    examples: [
      'trust-add --issuer github --claim repository_id=74 --claim repository_owner_id=65 --repository "team-a/*"',
    ],
  },
  'trust-test': {
    section: 'why-a-login-gets-nothing',
    examples: ['trust-test --jwt-file token.jwt --scope repository:team-a/app:pull'],
  },
  'trust-list': { section: 'the-account', examples: ['trust-list'] },
  'trust-rm': { section: 'the-account', examples: [`trust-rm ${ID}`] },
  issuers: { section: 'the-account', examples: ['issuers', 'issuers --platforms'] },
  rules: { section: 'the-account', examples: ['rules'] },
  'rules-set': {
    section: 'the-account',
    examples: ['rules-set --max-expires-in 90d --non-expiring forbidden', 'rules-set --require-owner yes'],
  },
  usage: {
    section: 'the-account',
    examples: [
      'usage',
      `usage --token ${ID} --from 2026-11-01 --to 2026-11-30`,
      'usage --repository team-a/app --output json',
    ],
  },
  audit: {
    section: 'the-account',
    examples: ['audit --since 7d', `audit --token ${ID}`, 'audit --act retrieve-value --output json'],
  },
  'target-add': { section: 'targets', examples: ['target-add eu https://eu.pullpass.example.com'] },
  'target-list': { section: 'targets', examples: ['target-list'] },
  'target-use': { section: 'targets', examples: ['target-use eu'] },
  'target-rm': { section: 'targets', examples: ['target-rm eu'] },
  completion: {
    section: 'completion',
    examples: [
      'completion bash > /etc/bash_completion.d/pullpass',
      'completion zsh > ~/.zfunc/_pullpass',
      'completion fish | source',
    ],
  },
};

/** Of the program itself. */
const PROGRAM: HelpEnd = {
  section: 'command-line',
  examples: [
    'login --url https://pullpass.example.com --apikey-stdin < apikey',
    'token-add',
    'registry-login',
  ],
};

/** Adds examples and pages to the help of the program and of all its verbs, in both spellings. */
export function addExamples(program: Command): void {
  addEnd(program, PROGRAM);
  for (const command of program.commands) {
    addEnd(command, ENDS[command.name()]);
    for (const verb of command.commands) addEnd(verb, ENDS[`${command.name()}-${verb.name()}`]);
  }
}

function addEnd(command: Command, end: HelpEnd | undefined): void {
  if (end === undefined) return;
  const lines = end.examples.map(example => `  pullpass ${example}`);
  const heading = lines.length === 1 ? 'Example:' : 'Examples:';
  command.addHelpText(
    'after',
    ['', heading, ...lines, '', `Documentation: docs/cli.md#${end.section}`].join('\n'),
  );
}
