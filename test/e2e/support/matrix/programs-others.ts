/** The clients that PyPI, npm and Maven Central have. */
import { DOCKER_CONFIG_LOGIN, NO_LOGIN, type Program } from './program.ts';

const JIB = 'com.google.cloud.tools:jib-maven-plugin:3.5.2';
const JIB_AUTH =
  '-Djib.allowInsecureRegistries=true -DsendCredentialsOverHttp=true -Djib.to.auth.username=token -Djib.to.auth.password="$SECRET" -Djib.from.auth.username=token -Djib.from.auth.password="$SECRET" -Djib.container.mainClass=None';
const JIB_POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>app</artifactId><version>1</version>
</project>
`;
/** At a push its first token is for pulling, and it never asks for another: so the script asks first. */
const ORAS = `import os, sys, time, requests, oras.client, oras.auth.utils
time.sleep = lambda seconds: None # it repeats what was refused four times, after 2, 4, 8 and 16 seconds
registry, image, secret = os.environ["REGISTRY"], os.environ["IMAGE"], os.environ["SECRET"]
client = oras.client.OrasClient(hostname=registry, insecure=True, tls_verify=False)
client.login(username="token", password=secret, hostname=registry)
target = image + ":" + os.environ["TAG"]
if sys.argv[1] == "push":
    challenge = requests.get("http://" + registry + "/v2/").headers["Www-Authenticate"]
    asked = oras.auth.utils.parse_auth_header(challenge)
    asked.scope = "repository:" + image.split("/", 1)[1] + ":pull,push"
    client.auth.set_token_auth(client.auth.request_token(asked))
    client.push(target=target, files=[os.environ["ARCHIVE"]], disable_path_validation=True)
else:
    client.pull(target=target, outdir=os.environ["HOME"] + "/pulled")
`;
/** Its push and pull print errors as lines of JSON, and raise none for a push. */
const DOCKER_SDK = `import os, sys, docker
images = docker.from_env().images
act = images.push if sys.argv[1] == "push" else images.client.api.pull
for line in act(os.environ["IMAGE"], tag=os.environ["TAG"], stream=True, decode=True):
    if "error" in line:
        sys.exit(line["error"])
`;

export const OTHERS: readonly Program[] = [
  {
    name: 'oras (Python)',
    files: { 'client.py': ORAS },
    login: NO_LOGIN,
    push: 'python-clients client.py push',
    pull: 'python-clients client.py pull',
  },
  {
    name: 'docker (Python)',
    daemon: true,
    files: { 'client.py': DOCKER_SDK },
    login: DOCKER_CONFIG_LOGIN,
    push: 'docker import "$ARCHIVE" "$IMAGE:$TAG" && python-clients client.py push && docker image rm --force "$IMAGE:$TAG"',
    pull: 'python-clients client.py pull && docker image rm --force "$IMAGE:$TAG"',
  },
  {
    name: 'devcontainer',
    login: DOCKER_CONFIG_LOGIN,
    push: `mkdir -p src/app
printf '{"id": "app", "version": "%s", "name": "app", "description": "%s"}' "$TAG" "$RANDOM" > src/app/devcontainer-feature.json
echo true > src/app/install.sh
devcontainer features publish --registry "$REGISTRY" --namespace "\${IMAGE#*/}" ./src 2>&1 | tee published
! grep -qiE 'fail|error|unauthorized|denied' published`,
    pull: 'devcontainer features info manifest "$IMAGE/app:$TAG"',
  },
  {
    name: 'jib',
    files: { 'pom.xml': JIB_POM },
    login: NO_LOGIN,
    push: `mkdir -p target/classes && cp "$ARCHIVE" target/classes
mvn -q -B -Djib.from.image=scratch -Djib.to.image="$IMAGE:$TAG" ${JIB_AUTH} ${JIB}:build`,
    pull: `mvn -q -B -Djib.from.image="$IMAGE:$TAG" -Djib.to.image=app -Djib.baseImageCache="$(mktemp -d)" ${JIB_AUTH} ${JIB}:buildTar`,
  },
];
