/** The clients that the Go module proxy has. */
import { DOCKER_CONFIG_LOGIN, type Program } from './program.ts';

/** helm 3 and 4 are two programs with one command line. */
function helm(name: string, command: string): Program {
  return {
    name,
    login: `printf %s "$SECRET" | ${command} registry login --plain-http -u token --password-stdin "$REGISTRY"`,
    push: `mkdir -p chart
printf 'apiVersion: v2\\nname: app\\nversion: %s\\n' "$TAG" > chart/Chart.yaml
${command} package chart && ${command} push --plain-http "app-$TAG.tgz" "oci://$IMAGE"`,
    pull: `${command} pull --plain-http "oci://$IMAGE/app" --version "$TAG" --destination "$(mktemp -d)"`,
    pullByDigest: `${command} pull --plain-http "oci://$IMAGE/app@$DIGEST" --destination "$(mktemp -d)"`,
    below: '/app',
  };
}

export const GO: readonly Program[] = [
  {
    name: 'crane',
    login: 'printf %s "$SECRET" | crane auth login -u token --password-stdin "$REGISTRY"',
    push: 'crane push --insecure "$LAYOUT" "$IMAGE:$TAG"',
    pull: 'crane pull --insecure "$IMAGE:$TAG" pulled.tar',
  },
  {
    name: 'oras',
    login: 'printf %s "$SECRET" | oras login --plain-http -u token --password-stdin "$REGISTRY"',
    push: 'oras cp --from-oci-layout "$LAYOUT:v1" --to-plain-http "$IMAGE:$TAG"',
    pull: 'rm -rf pulled && oras cp --from-plain-http "$IMAGE:$TAG" --to-oci-layout pulled:v1',
  },
  {
    name: 'regctl',
    login: `regctl registry set --tls disabled --skip-check "$REGISTRY"
printf %s "$SECRET" | regctl registry login -u token --pass-stdin "$REGISTRY"`,
    push: 'regctl image copy "ocidir://$LAYOUT:v1" "$IMAGE:$TAG"',
    pull: 'rm -rf pulled && regctl image copy "$IMAGE:$TAG" ocidir://pulled:v1',
  },
  {
    name: 'regsync',
    login: `printf '{"version": 1, "creds": [{"registry": "%s", "user": "token", "pass": "%s", "tls": "disabled"}], "sync": [{"source": "%s", "target": "%s", "type": "image"}]}' \\
  "$REGISTRY" "$SECRET" SOURCE TARGET > template.yml`,
    push: `sed -e "s#SOURCE#ocidir://$LAYOUT:v1#; s#TARGET#$IMAGE:$TAG#" template.yml > push.yml
regsync once -c push.yml`,
    pull: `sed -e "s#SOURCE#$IMAGE:$TAG#; s#TARGET#ocidir://$(mktemp -d):v1#" template.yml > pull.yml
regsync once -c pull.yml`,
  },
  helm('helm 4', 'helm'),
  helm('helm 3', 'helm3'),
  {
    name: 'cosign',
    login: 'printf %s "$SECRET" | cosign login -u token --password-stdin "$REGISTRY"',
    push: 'cosign upload blob --allow-http-registry -f "$ARCHIVE" "$IMAGE:$TAG"',
    pull: 'rm -rf pulled && cosign save --allow-http-registry --dir pulled "$IMAGE:$TAG"',
  },
  {
    name: 'ko',
    files: { 'go.mod': 'module example.com/app\n\ngo 1.24\n', 'main.go': 'package main\n\nfunc main() {}\n' },
    login: 'printf %s "$SECRET" | ko login "$REGISTRY" -u token --password-stdin',
    // It needs a base image, which skopeo brings.
    push: `skopeo copy --insecure-policy --dest-tls-verify=false "oci:$LAYOUT:v1" "docker://$IMAGE:base" || true
printf 'package main\\n\\nfunc main() { println("%s") }\\n' "$RANDOM" > main.go
KO_DEFAULTBASEIMAGE="$IMAGE:base" KO_DOCKER_REPO="$IMAGE" ko build --bare --sbom none --insecure-registry --tags "$TAG" .`,
    pull: 'KO_DEFAULTBASEIMAGE="$IMAGE:$TAG" KO_DOCKER_REPO="$IMAGE" ko build --bare --sbom none --insecure-registry --push=false --tarball=built.tar .',
  },
  {
    name: 'cue',
    login: DOCKER_CONFIG_LOGIN,
    push: `export CUE_REGISTRY="$IMAGE+insecure" CUE_CACHE_DIR=$(mktemp -d)
mkdir -p module/cue.mod && cd module
printf 'module: "example.com/app@v%s"\\nlanguage: version: "v0.10.0"\\nsource: kind: "self"\\n' "\${TAG%%.*}" > cue.mod/module.cue
printf 'package app\\ntag: "%s"\\n' "$RANDOM" > app.cue
cue mod publish "v$TAG"`,
    pull: `export CUE_REGISTRY="$IMAGE+insecure" CUE_CACHE_DIR=$(mktemp -d)
rm -rf user && mkdir -p user/cue.mod && cd user
printf 'module: "example.com/user@v0"\\nlanguage: version: "v0.10.0"\\n' > cue.mod/module.cue
cue mod get "example.com/app@v$TAG"`,
  },
  {
    name: 'conftest',
    login: DOCKER_CONFIG_LOGIN,
    push: 'mkdir -p policy && echo "package main # $RANDOM" > policy/main.rego && conftest push --tls=false "$IMAGE:$TAG"',
    pull: 'rm -rf pulled && conftest pull --tls=false --policy pulled "oci://$IMAGE:$TAG"',
  },
];
