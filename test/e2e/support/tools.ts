/** The programs that the end-to-end tests need. A missing one fails the test with the command that installs it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const DISTRIBUTION = 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2';
const CRANE = 'github.com/google/go-containerregistry/cmd/crane@v0.22.1';
const CONFORMANCE =
  'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111';
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';
const DYNOXIDE = '--prefix .build/tools/dynoxide @dynoxide/linux-x64@1.2.1';
const MOTO = 'moto[server]==5.2.1';
const MINISTACK = 'ministack==1.5.33';
const CFN_LINT = 'cfn-lint==1.51.0';
const SCHEMATHESIS = 'schemathesis==4.32.5';

/** The variable that overrides where a program is, its usual name, and how to install it. */
const TOOLS = {
  registry2: ['REGISTRY2_BIN', 'docker-registry', 'apt-get install docker-registry'],
  registry3: ['REGISTRY3_BIN', 'registry', `go install ${DISTRIBUTION}`],
  zot: ['ZOT_BIN', 'zot', 'a release of zot 2.1, as its documentation says'],
  docker: ['DOCKER_BIN', 'docker', 'apt-get install docker.io'],
  dockerd: ['DOCKERD_BIN', 'dockerd', 'apt-get install docker.io'],
  compose: ['COMPOSE_BIN', 'docker-compose', 'apt-get install docker-compose'],
  ctr: ['CTR_BIN', 'ctr', 'apt-get install docker.io (it brings containerd)'],
  skopeo: ['SKOPEO_BIN', 'skopeo', 'apt-get install skopeo'],
  podman: ['PODMAN_BIN', 'podman', 'apt-get install podman crun'],
  buildah: ['BUILDAH_BIN', 'buildah', 'apt-get install buildah'],
  kubectl: ['KUBECTL_BIN', 'kubectl', 'apt-get install kubernetes-client'],
  curl: ['CURL_BIN', 'curl', 'apt-get install curl'],
  jq: ['JQ_BIN', 'jq', 'apt-get install jq'],
  go: ['GO_BIN', 'go', 'apt-get install golang-go'],
  crane: ['CRANE_BIN', 'crane', `go install ${CRANE}`],
  actionlint: ['ACTIONLINT_BIN', 'actionlint', `go install ${ACTIONLINT}`],
  oras: ['ORAS_BIN', 'oras', 'test/e2e/clients/install --ci'],
  conformance: ['CONFORMANCE_BIN', 'conformance', `go install ${CONFORMANCE}`],
  java: ['JAVA_BIN', 'java', 'apt-get install default-jre-headless'],
  dynoxide: ['DYNOXIDE_BIN', 'dynoxide', `npm install ${DYNOXIDE}`],
  cfnLint: ['CFN_LINT_BIN', 'cfn-lint', `pip install '${CFN_LINT}'`],
  schemathesis: ['SCHEMATHESIS_BIN', 'schemathesis', `pip install '${SCHEMATHESIS}'`],
  ministack: ['MINISTACK_BIN', 'ministack', `pip install '${MINISTACK}'`],
  moto: ['MOTO_BIN', 'moto_server', `pip install '${MOTO}'`],
} as const;

export type Tool = keyof typeof TOOLS;

/** The path of a program. Throws with the command that installs it. */
export function tool(name: Tool): string {
  const [variable, usual, installation] = TOOLS[name];
  const given = process.env[variable];
  const places = (process.env.PATH ?? '').split(delimiter).map(directory => join(directory, usual));
  const found = (given === undefined ? places : [given]).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `${given ?? usual} is missing. Install it with: ${installation}; or name it in ${variable}.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
