/** Makes a tiny image with a new random layer: clients skip the push of a layer that the registry has. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface Image {
  /** An OCI image layout (image-spec `image-layout.md`) whose one image has the tag `TAG`. */
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

/** Writes a new image under `directory`, which is made. */
export async function makeImage(directory: string): Promise<Image> {
  const blobs = join(directory, 'layout', 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const store = async (mediaType: string, content: Buffer) => {
    const descriptor = { mediaType, digest: digestOf(content), size: content.length };
    await writeFile(join(blobs, descriptor.digest.slice('sha256:'.length)), content);
    return descriptor;
  };
  const tar = archiveOf('payload', randomBytes(PAYLOAD_BYTES));
  const layer = await store(`${MEDIA}.layer.v1.tar+gzip`, gzipSync(tar));
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const config = await store(`${MEDIA}.config.v1+json`, json({ architecture: 'amd64', os: 'linux', rootfs }));
  const mediaType = `${MEDIA}.manifest.v1+json`;
  const manifest = await store(mediaType, json({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  const annotations = { 'org.opencontainers.image.ref.name': TAG };
  const layout = join(directory, 'layout');
  await writeFile(join(layout, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(layout, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  const archive = join(directory, 'files.tar');
  await writeFile(archive, tar);
  return { layout, digest: manifest.digest, layerDigest: layer.digest, archive };
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
