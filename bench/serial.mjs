// Serial protocols against the line they run on, in virtual time: `npm run bench:serial`. Writes
// bench/serial-results.md; fails where a bar is missed. Each figure is measured on a paced virtual UART with a virtual
// device behind it, and stands beside what arithmetic allows.
import { writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const { VirtualClock, bgapi, createGeckoDevice, flashPackage, makeVerified, memoryPort, wrapRaw } =
  await load({
    'core/clock.ts': 'VirtualClock',
    'flash/bgapi/driver.ts': 'bgapi',
    'sim/index.ts': 'createGeckoDevice, memoryPort',
    'flash/session.ts': 'flashPackage',
    'verify/verified-package.ts': 'makeVerified',
    'images/gbl/codec.ts': 'wrapRaw',
  });

const IMAGE_BYTES = 64 * 1024;
const APPLICATION_START = 0x6000;
const BITS_A_BYTE = 10;
const BAUD_RATES = [115_200, 460_800, 921_600];
/** What a USB adapter adds to a question and its answer. */
const TURN_ROUNDS_MS = [0, 1, 16];
/** BGAPI: header and length byte before the data, and the answer. */
const BGAPI_OVERHEAD_BYTES = 5 + 6;
const OUR_CHUNK_BYTES = 252;
/** That of the vendor's example hosts. */
const OTHER_CHUNK_BYTES = 48;

const bars = [];
const rows = [];
for (const baudRate of BAUD_RATES) {
  for (const turnRoundMs of TURN_ROUNDS_MS) {
    const ours = await measure({ baudRate, turnRoundMs, chunkBytes: OUR_CHUNK_BYTES });
    const other = await measure({ baudRate, turnRoundMs, chunkBytes: OTHER_CHUNK_BYTES });
    const line = baudRate / BITS_A_BYTE;
    const cells = [
      ...[baudRate, turnRoundMs, Math.round(ours.rate), Math.round(ours.allowed)],
      ...[
        (ours.rate / line).toFixed(3),
        Math.round(other.rate),
        `${(ours.rate / other.rate).toFixed(2)} times`,
      ],
    ];
    rows.push(cells);
    const at = `${baudRate} baud, ${turnRoundMs} ms`;
    if (at === '115200 baud, 1 ms') bar(`share of baud/10 at ${at}`, ours.rate / line, 0.9);
    const times = { '115200 baud, 1 ms': 1.3, '460800 baud, 1 ms': 1.7, '115200 baud, 16 ms': 2.7 }[at];
    if (times !== undefined)
      bar(`times the host with 48-byte chunks at ${at}`, ours.rate / other.rate, times);
    for (const { outstanding } of [ours, other]) {
      if (outstanding !== 1) throw new Error(`${outstanding} commands were outstanding at ${at}`);
    }
    // The simulation must not give what the line can not carry, nor lose time that nobody accounts for.
    for (const { rate, allowed } of [ours, other]) {
      if (Math.abs(rate / allowed - 1) > 0.01)
        throw new Error(`${rate} bytes/s at ${at}, arithmetic says ${allowed}`);
    }
  }
}

await writeFile(new URL('bench/serial-results.md', root), report());
process.stdout.write(report());
process.exitCode = bars.every(({ holds }) => holds) ? 0 : 1;

function bar(what, figure, least) {
  bars.push({ what, figure, least, holds: figure >= least });
}

/** Bytes of image a second that stop-and-wait allows. */
function allowed(baudRate, turnRoundMs, chunkBytes) {
  const msOnLine = ((chunkBytes + BGAPI_OVERHEAD_BYTES) * BITS_A_BYTE * 1000) / baudRate;
  return chunkBytes / ((msOnLine + turnRoundMs) / 1000);
}

/** Image bytes a second between the first upload's answer and the last one's; what arithmetic allows; commands outstanding. */
async function measure({ baudRate, turnRoundMs, chunkBytes }) {
  const clock = new VirtualClock();
  // The device takes no time of its own: what is left is line, adapter and host.
  const device = createGeckoDevice({ clock, latencyMs: 0, pageEraseMs: 0 });
  const { port, most } = watchOutstanding(
    memoryPort(device, { clock, baudRate, latencyMs: turnRoundMs / 2 }),
  );
  const uploads = [];
  const report = await flashPackage(
    onePackage(),
    port,
    bgapi,
    { entry: 'auto', chunkBytes, confirm: 'none', retries: 0, operator: {} },
    {
      clock,
      stop: new AbortController().signal,
      signal: new AbortController().signal,
      emit: ({ doneBytes }) => doneBytes !== undefined && uploads.push({ ms: clock.now(), bytes: doneBytes }),
    },
  );
  if (report.result !== 'flashed') throw new Error(report.error.message);
  const [first, last] = [uploads[0], uploads.at(-1)];
  return {
    rate: (last.bytes - first.bytes) / ((last.ms - first.ms) / 1000),
    allowed: allowed(baudRate, turnRoundMs, chunkBytes),
    outstanding: most(),
  };
}

/** Counts at the host: uploads written and not answered yet. */
function watchOutstanding(port) {
  const isUpload = (bytes) => bytes[0] === 0x20 && bytes[2] === 0 && bytes[3] === 2;
  let open = 0;
  let most = 0;
  return {
    port: {
      kind: port.kind,
      name: port.name,
      async open(wait) {
        const link = await port.open(wait);
        const write = link.write.bind(link);
        const put = link.inbox.put.bind(link.inbox);
        link.write = (bytes, patience) => {
          if (isUpload(bytes)) most = Math.max(most, ++open);
          return write(bytes, patience);
        };
        link.inbox.put = (bytes) => {
          if (isUpload(bytes)) open--;
          put(bytes);
        };
        return link;
      },
    },
    most: () => most,
  };
}

function onePackage() {
  const image = Uint8Array.from({ length: IMAGE_BYTES }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  // A stack pointer and a reset vector, so that it is an application.
  new DataView(image.buffer).setUint32(0, 0x20001000, true);
  new DataView(image.buffer).setUint32(4, APPLICATION_START + 0x101, true);
  const application = { type: 0x20, version: 1, capabilities: 0, productId: new Uint8Array(16) };
  const bytes = wrapRaw({ image, startAddress: APPLICATION_START, application });
  const entry = {
    ...{ name: 'application', role: 'application', format: 'gbl', size: bytes.length, alignment: 4 },
    ...{
      sourceName: 'a.bin',
      sourceSize: IMAGE_BYTES,
      sourceSha256: '',
      padByte: '0xff',
      crc32: '',
      sha256: '',
    },
  };
  return makeVerified({
    manifest: {
      ...{ formatVersion: 1, name: 'bench', version: '1.0.0', securityCounter: 0 },
      ...{ target: { product: 'bench' }, images: [entry] },
    },
    ...{ packageId: '', verdict: 'trusted', images: [{ entry, bytes }] },
  });
}

/** Our modules as they are in src, bundled into one. */
async function load(modules) {
  const contents = Object.entries(modules)
    .map(([file, names]) => `export { ${names} } from './src/${file}';`)
    .join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root.pathname },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node' },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function report() {
  const table = (head, body) =>
    [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `# Last results: serial lines

Virtual time, so the same on every machine. Command: \`npm run bench:serial\`.

A paced virtual UART, 8N1: a byte takes 10 bits. Turn-round is what an adapter adds to a question and its answer. The
virtual Gecko answers at once and erases in no time, so that line, adapter and host are all that is measured. ${IMAGE_BYTES / 1024} KiB
of image in a GBL; bytes of it a second, between the answers to the first and to the last upload. Never more than one
command was outstanding (watched at the host).

## BGAPI in chunks of ${OUR_CHUNK_BYTES} bytes, against a host with ${OTHER_CHUNK_BYTES}

A chunk of n bytes takes (n + ${BGAPI_OVERHEAD_BYTES}) bytes on the line, 4 of header and 1 of length before it and 6 of answer behind it, and one
turn-round: n / ((n + ${BGAPI_OVERHEAD_BYTES}) x 10 / baud + turn-round). At 115200 baud and 1 ms: 252 / (263 x 86.8 us + 1 ms) = ${Math.round(allowed(115_200, 1, OUR_CHUNK_BYTES))}
bytes/s, 48 / (59 x 86.8 us + 1 ms) = ${Math.round(allowed(115_200, 1, OTHER_CHUNK_BYTES))}. The host with 48-byte chunks is this same driver with --chunk-size 48, the size of the
vendor's example hosts, which wait for each answer, too.

${table(['baud', 'turn-round, ms', 'bytes/s', 'arithmetic', 'share of baud/10', 'in 48-byte chunks', 'against those'], rows)}

| bar | figure | at least | holds |
|---|---|---|---|
${bars.map(({ what, figure, least, holds }) => `| ${what} | ${figure.toFixed(3)} | ${least} | ${holds ? 'yes' : 'NO'} |`).join('\n')}
`;
}
