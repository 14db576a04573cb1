/** RFC 3986, section 2.3, and what parts a path. */
const KEPT = /[A-Za-z0-9._~/-]/;

/**
 * The URI of a file: a relative reference for a relative path, `file://` for an absolute one, also with a drive letter
 * or on a share. Whatever is not unreserved (RFC 3986) is percent-encoded, so that no name makes a scheme, a query or
 * a fragment. `path` is parted by `/`.
 */
export function uriOf(path: string): string {
  if (path.startsWith('//')) return `file:${encoded(path)}`;
  if (path.startsWith('/')) return `file://${encoded(path)}`;
  const drive = /^([A-Za-z]:)(\/.*)$/s.exec(path);
  if (drive !== null) return `file:///${drive[1]}${encoded(drive[2] ?? '')}`;
  return encoded(path.replace(/^(?:\.\/+)+/, ''));
}

function encoded(path: string): string {
  return Array.from(new TextEncoder().encode(path), (byte) => {
    const char = String.fromCharCode(byte);
    return KEPT.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
