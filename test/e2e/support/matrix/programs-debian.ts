/** The clients that Debian 12 has. */
import { NO_LOGIN, type Program } from './program.ts';

const CONTAINERS = '--root "$HOME/root" --runroot "$HOME/run" --storage-driver=vfs';
const VERIFIED = '--quiet --tls-verify=false --signature-policy "$HOME/policy.json"';
const POLICY = { 'policy.json': '{"default": [{"type": "insecureAcceptAnything"}]}' };

/** podman and buildah: one way of storing images, two programs. */
function containers(name: 'podman' | 'buildah', own: string, pull: string): Program {
  const call = `${name} ${CONTAINERS} ${own}`;
  return {
    name,
    files: POLICY,
    login: `printf %s "$SECRET" | ${call} login --tls-verify=false -u token --password-stdin "$REGISTRY"`,
    push: `id=$(${call} pull --quiet --signature-policy "$HOME/policy.json" "oci:$LAYOUT:v1" | tail -n 1)
${call} push ${VERIFIED} "$id" "docker://$IMAGE:$TAG"
${call} rmi --force "$id"`,
    pull: `${call} pull ${pull} ${VERIFIED} "docker://$IMAGE:$TAG"`,
  };
}

const CTR = 'ctr --address "$CONTAINERD_ADDRESS" --namespace test images';

export const DEBIAN: readonly Program[] = [
  {
    name: 'docker',
    daemon: true,
    login: 'printf %s "$SECRET" | docker login --username token --password-stdin "$REGISTRY"',
    push: 'docker import "$ARCHIVE" "$IMAGE:$TAG" && docker push "$IMAGE:$TAG" && docker image rm --force "$IMAGE:$TAG"',
    pull: 'docker pull "$IMAGE:$TAG" && docker image rm --force "$IMAGE:$TAG"',
  },
  {
    name: 'docker-compose',
    daemon: true,
    files: { 'compose.yml': 'services:\n  app:\n    image: $IMAGE:$TAG\n    build: .\n' },
    login: 'printf %s "$SECRET" | docker login --username token --password-stdin "$REGISTRY"',
    push: 'docker import "$ARCHIVE" "$IMAGE:$TAG" && docker-compose -f compose.yml push && docker image rm --force "$IMAGE:$TAG"',
    pull: 'docker-compose -f compose.yml pull && docker image rm --force "$IMAGE:$TAG"',
  },
  {
    name: 'ctr (containerd)',
    daemon: true,
    login: NO_LOGIN,
    push: `tar c -C "$LAYOUT" . | ${CTR} import --base-name "$IMAGE" --local=false - 2>/dev/null || tar c -C "$LAYOUT" . | ${CTR} import --base-name "$IMAGE" -
${CTR} tag --force "$IMAGE:v1" "$IMAGE:$TAG"
${CTR} push --plain-http --user "token:$SECRET" "$IMAGE:$TAG" && ${CTR} rm "$IMAGE:$TAG" "$IMAGE:v1"`,
    pull: `${CTR} pull --plain-http --snapshotter native --user "token:$SECRET" "$IMAGE:$TAG" && ${CTR} rm "$IMAGE:$TAG"`,
  },
  {
    name: 'docker build (BuildKit)',
    keepsAccessTokens: true,
    daemon: true,
    login: 'printf %s "$SECRET" | docker login --username token --password-stdin "$REGISTRY"',
    push: `mkdir -p context && cp "$ARCHIVE" context && printf 'FROM scratch\\nCOPY files.tar /\\n' > context/Dockerfile
DOCKER_BUILDKIT=1 docker build --tag "$IMAGE:$TAG" context && docker push "$IMAGE:$TAG"
docker image rm --force "$IMAGE:$TAG"`,
    pull: `mkdir -p user && date +%N > user/file && printf 'FROM %s:%s\\nCOPY file /\\n' "$IMAGE" "$TAG" > user/Dockerfile
DOCKER_BUILDKIT=1 docker build --no-cache --pull user`,
  },
  containers('podman', '--cgroup-manager=cgroupfs --events-backend=none', ''),
  containers('buildah', '', '--policy=always'),
  {
    name: 'skopeo',
    login: 'printf %s "$SECRET" | skopeo login --tls-verify=false -u token --password-stdin "$REGISTRY"',
    push: 'skopeo copy --insecure-policy --dest-tls-verify=false "oci:$LAYOUT:v1" "docker://$IMAGE:$TAG"',
    pull: 'rm -rf pulled && skopeo copy --insecure-policy --src-tls-verify=false "docker://$IMAGE:$TAG" dir:pulled',
  },
];
