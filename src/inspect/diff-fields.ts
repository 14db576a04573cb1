import type { Manifest, ManifestImage } from '../format/manifest.ts';
import type { FieldChange, FieldValue, SignerChanges } from './diff-document.ts';

/** The fields in which two manifests differ, but those of images; and the order of images that are in both. */
export function diffManifests(old: Manifest, now: Manifest): FieldChange[] {
  const { images: oldImages, ...oldRest } = old;
  const { images: newImages, ...newRest } = now;
  const oldNames = oldImages.map(({ name }) => name);
  const newNames = newImages.map(({ name }) => name);
  const stayed = oldNames.filter((name) => newNames.includes(name));
  const reordered = newNames.filter((name) => oldNames.includes(name)).some((name, i) => name !== stayed[i]);
  return [
    ...diffFields(oldRest, newRest),
    ...(reordered
      ? [{ path: 'images (order)', change: 'changed', old: oldNames, new: newNames } as const]
      : []),
  ];
}

/** The fields in which two manifest entries of one image differ. */
export function diffEntries(old: ManifestImage, now: ManifestImage): FieldChange[] {
  return diffFields(old, now);
}

export function diffSigners(old: readonly string[], now: readonly string[]): SignerChanges {
  return {
    verified: false,
    added: now.filter((keyId) => !old.includes(keyId)),
    removed: old.filter((keyId) => !now.includes(keyId)),
    same: now.filter((keyId) => old.includes(keyId)),
  };
}

function diffFields(old: object, now: object): FieldChange[] {
  const [before, after] = [new Map(leaves(old)), new Map(leaves(now))];
  const changes: FieldChange[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === undefined && is !== undefined) changes.push({ path, change: 'added', new: is });
    else if (was !== undefined && is === undefined) changes.push({ path, change: 'removed', old: was });
    else if (was !== undefined && is !== undefined && JSON.stringify(was) !== JSON.stringify(is)) {
      changes.push({ path, change: 'changed', old: was, new: is });
    }
  }
  return changes;
}

/** Every value that is no object, with its path. */
function* leaves(value: object, path = ''): Generator<[string, FieldValue]> {
  for (const [key, inner] of Object.entries(value)) {
    const at = pathTo(path, key);
    if (typeof inner === 'string' || typeof inner === 'number' || Array.isArray(inner)) yield [at, inner];
    else yield* leaves(inner, at);
  }
}

/** Keys of annotations hold dots and slashes. */
function pathTo(path: string, key: string): string {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
