/** Makes a tiny image with a new random layer: clients skip the push of a layer that the registry has. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface Image {
  /** An OCI image layout (image-spec `image-layout.md`) whose one image, or index, has the tag `TAG`. */
  readonly layout: string;
  readonly digest: string;
  readonly layerDigest: string;
  /** The files of the image as a tar archive, for `docker import`. */
  readonly archive: string;
}

export const TAG = 'v1';
const BLOCK = 512;
const PAYLOAD_BYTES = 4096;
const MEDIA = 'application/vnd.oci.image';

/** How many layers an image has, and for how many platforms it is made; one of each by default. */
export interface Shape {
  readonly layers?: number;
  readonly architectures?: readonly string[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes a new image under `directory`, which is made. */
export async function makeImage(directory: string, shape: Shape = {}): Promise<Image> {
  const { layers: count = 1, architectures = ['amd64'] } = shape;
  const layout = join(directory, 'layout');
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const store = async (mediaType: string, content: Buffer): Promise<Descriptor> => {
    const descriptor = { mediaType, digest: digestOf(content), size: content.length };
    await writeFile(join(blobs, descriptor.digest.slice('sha256:'.length)), content);
    return descriptor;
  };
  const storeManifest = (kind: 'index' | 'manifest', content: object) => {
    const mediaType = `${MEDIA}.${kind}.v1+json`;
    return store(mediaType, json({ schemaVersion: 2, mediaType, ...content }));
  };
  const tars = Array.from({ length: count }, (_, i) => archiveOf(`payload-${i}`, randomBytes(PAYLOAD_BYTES)));
  const layers = await Promise.all(tars.map(tar => store(`${MEDIA}.layer.v1.tar+gzip`, gzipSync(tar))));
  const rootfs = { type: 'layers', diff_ids: tars.map(digestOf) };
  const images = await Promise.all(
    architectures.map(async architecture => {
      const platform = { architecture, os: 'linux' };
      const config = await store(`${MEDIA}.config.v1+json`, json({ ...platform, rootfs }));
      return { ...(await storeManifest('manifest', { config, layers })), platform };
    }),
  );
  const [only, ...others] = images;
  const isIndex = only === undefined || others.length > 0;
  const named = isIndex ? await storeManifest('index', { manifests: images }) : only;
  const annotations = { 'org.opencontainers.image.ref.name': TAG };
  await writeFile(join(layout, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(layout, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...named, annotations }] }),
  );
  const archive = join(directory, 'files.tar');
  await writeFile(archive, tars[0] ?? '');
  return { layout, digest: named.digest, layerDigest: layers[0]?.digest ?? '', archive };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** A POSIX tar archive of one regular file (IEEE Std 1003.1, pax, "ustar Interchange Format"). */
function archiveOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK);
  const field = (offset: number, text: string) => header.write(text, offset, 'latin1');
  field(0, name);
  field(100, '0000644\0');
  field(108, '0000000\0');
  field(116, '0000000\0');
  field(124, `${content.length.toString(8).padStart(11, '0')}\0`);
  field(136, '00000000000\0');
  field(148, '        ');
  field(156, '0');
  field(257, 'ustar\x0000');
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  field(148, `${checksum.toString(8).padStart(6, '0')}\0 `);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}
