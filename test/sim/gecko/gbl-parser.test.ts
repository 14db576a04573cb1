import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, u32le } from '../../../src/core/bytes.ts';
import { PARSER_STATUS } from '../../../src/sim/index.ts';
import {
  application,
  BAD,
  Bench,
  chunks,
  gbl,
  gblOf,
  header,
  hex,
  ID,
  OK,
  prog,
  TINY,
  TINY_START,
  tag,
  uploadFrame,
} from '../support.ts';

const IMAGE = application({ start: TINY_START, bytes: 1400 });
const INFO = tag(ID.application, new Uint8Array(28));
const PAGE = TINY.pageBytes;

type Options = Parameters<typeof Bench.inBootloader>[0];

/** Sends the file; how it ended, as the host sees it and as the parser knows it. */
async function sent(file: Uint8Array<ArrayBuffer>, options: Options = {}) {
  const bench = await Bench.inBootloader(options);
  const answers = await bench.upload(file, 252);
  return { bench, answers, finish: await bench.finish(), failure: bench.device.state.upload?.failure };
}

describe('a file that is taken', () => {
  test.each([
    ['the smallest there is', hex('eb17a603 08000000 00000003 00000000 fc0404fc 04000000 e94c9ae0')],
    ['ERASEPROG, which is PROG by another name', gbl(header(), INFO, prog(TINY_START, IMAGE, ID.eraseProg))],
    ['without an application tag', gbl(header(), prog(TINY_START, IMAGE))],
    [
      'metadata of any length',
      gbl(header(), INFO, tag(ID.metadata, new Uint8Array(86)), prog(TINY_START, IMAGE)),
    ],
    ['empty metadata', gbl(header(), INFO, tag(ID.metadata, new Uint8Array()), prog(TINY_START, IMAGE))],
    [
      'a signature nobody asked for',
      gbl(header(0x100), INFO, prog(TINY_START, IMAGE), tag(ID.signature, new Uint8Array(64))),
    ],
    ['a newer minor version of the format', gbl(header(0, 0x03000001), INFO)],
  ])('%s', async (_, file) => {
    expect((await sent(file)).finish).toBe(OK.finish);
  });

  test('the vendor format example programs its eight bytes', async () => {
    const file = hex(
      'eb17a603 08000000 00000003 00000000 f40a0af4 1c000000 20000000 03020100 00000000 00000000000000000000000000000000' +
        'fe0101fe 0c000000 00400000 00010203 04050607 fc0404fc 04000000 89437740',
    );
    const part = {
      ...TINY,
      flashBase: 0,
      flashBytes: 0x5000,
      layouts: [
        { bootloader: 'main', applicationStart: 0x4000, bootloaderStart: 0, bootloaderBytes: 0x4000 },
      ],
    } as const;
    const { bench, finish } = await sent(file, { part });
    expect(finish).toBe(OK.finish);
    expect(bench.device.flash.read(0x4000, 8)).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  });
});

describe('a file that is refused', () => {
  const body = prog(TINY_START, IMAGE);
  test.each([
    ['without a header', gbl(INFO, body), PARSER_STATUS.unexpected],
    ['GBL v4', concat([hex('eb17a684'), u32le(100), new Uint8Array(100)]), PARSER_STATUS.unexpected],
    ['another version of the format', gbl(header(0, 0x02000000), INFO, body), PARSER_STATUS.version],
    ['a tag nobody knows', gbl(header(), tag(0x12345678, new Uint8Array(4)), body), PARSER_STATUS.unknownTag],
    ['compressed data', gbl(header(), INFO, prog(TINY_START, IMAGE, ID.progLz4)), PARSER_STATUS.unknownTag],
    ['tags in the wrong order', gbl(header(), body, INFO), PARSER_STATUS.tagOrder],
    ['two headers', gbl(header(), header(), body), PARSER_STATUS.tagOrder],
    ['two application tags', gbl(header(), INFO, INFO, body), PARSER_STATUS.tagOrder],
    [
      'an application tag that is too short',
      gbl(header(), tag(ID.application, new Uint8Array(24)), body),
      PARSER_STATUS.unexpected,
    ],
    [
      'a program tag without an address',
      gbl(header(), INFO, tag(ID.prog, new Uint8Array(3))),
      PARSER_STATUS.unexpected,
    ],
    [
      'encryption, without a key',
      gbl(header(1), tag(ID.encInit, new Uint8Array(16)), tag(ID.encData, new Uint8Array(64))),
      PARSER_STATUS.keyError,
    ],
    ['plain data in an encrypted file', gbl(header(1), INFO, body), PARSER_STATUS.unexpected],
    [
      'ciphertext in a plain file',
      gbl(header(), tag(ID.encInit, new Uint8Array(16))),
      PARSER_STATUS.unexpected,
    ],
  ])('%s', async (_, file, status) => {
    const { answers, finish, failure } = await sent(file);
    expect(failure).toBe(status);
    expect(answers.filter((a) => a === BAD.upload)).toHaveLength(1);
    expect(finish).toBe(BAD.finish);
  });

  test('any bit of its tags or data turned', async () => {
    const file = gblOf(TINY_START, IMAGE.slice(0, 64));
    const end = file.length - 4;
    for (let bit = 0; bit < end * 8; bit += 5) {
      const bad = file.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect((await sent(bad)).finish, `bit ${bit}`).toBe(BAD.finish);
    }
  });
});

describe('signatures', () => {
  const unsigned = gblOf(TINY_START, IMAGE);
  const signature = tag(ID.signature, new Uint8Array(64));
  const signed = gbl(header(0x100), INFO, prog(TINY_START, IMAGE), signature);

  test('where they are required a file that does not claim one is refused at its header', async () => {
    const { answers, failure, bench } = await sent(unsigned, { requireSignature: true });
    expect(failure).toBe(PARSER_STATUS.fileType);
    expect(answers[0]).toBe(BAD.upload);
    expect(bench.device.flash.operations).toBe(0);
  });

  test('one that holds is taken, one that does not is refused', async () => {
    expect((await sent(signed, { requireSignature: true })).finish).toBe(OK.finish);
    const bad = await sent(signed, { requireSignature: true, signatureValid: false });
    expect(bad.failure).toBe(PARSER_STATUS.signature);
    expect(bad.bench.device.runs().refusal, 'the program counter is withheld').toBe('no-image');
  });

  test('one that was claimed and did not come is missed', async () => {
    const { failure } = await sent(gbl(header(0x100), INFO, prog(TINY_START, IMAGE)), {
      requireSignature: true,
    });
    expect(failure).toBe(PARSER_STATUS.signature);
  });
});

describe('version dependencies', () => {
  const entry = (kind: number, statement: number, version: number) =>
    concat([Uint8Array.of(kind, statement, 0, 0), u32le(version)]);
  const judged = async (...entries: Uint8Array[]) => {
    const file = gbl(header(), tag(ID.dependency, concat(entries)), INFO, prog(TINY_START, IMAGE));
    const image = application({ start: TINY_START, bytes: 400, version: 0x00010203 });
    const { failure } = await sent(file, { image, bootloaderVersion: 0x02040001, seVersion: 0x05010203 });
    return failure === PARSER_STATUS.ok ? true : failure === PARSER_STATUS.version ? false : failure;
  };

  test.each([
    ['application < 1.2.4', 1, 0x00, 0x00010204, true],
    ['application < 1.2.3', 1, 0x00, 0x00010203, false],
    ['application <= 1.2.3', 1, 0x02, 0x00010203, true],
    ['application == 1.2.3', 1, 0x04, 0x00010203, true],
    ['application >= 1.2.4', 1, 0x06, 0x00010204, false],
    ['application > 1.2.2', 1, 0x08, 0x00010202, true],
    ['application not > 1.2.2', 1, 0x09, 0x00010202, false],
    ['bootloader >= 2.4.1', 2, 0x06, 0x02040001, true],
    ['bootloader >= 2.5', 2, 0x06, 0x02050000, false],
    ['SE == 1.2.3, whatever its top byte', 3, 0x04, 0x77010203, true],
  ])('%s', async (_, kind, statement, version, holds) => {
    expect(await judged(entry(kind, statement, version))).toBe(holds);
  });

  test('join within a kind of image, and all kinds must hold', async () => {
    const yes = entry(2, 0x06, 0);
    const no = entry(2, 0x00, 0);
    expect(await judged(yes, no)).toBe(false);
    expect(await judged(no, entry(2, 0x26, 0)), 'or').toBe(true);
    expect(await judged(entry(2, 0x16, 0)), 'the result negated').toBe(false);
    expect(await judged(entry(2, 0x10, 0)), 'the result of a false one negated').toBe(true);
    expect(await judged(yes, entry(1, 0x00, 0)), 'bootloader holds, application does not').toBe(false);
  });

  test('that nobody knows, or are no whole number, are an error', async () => {
    expect(await judged(entry(4, 0x06, 0))).toBe(PARSER_STATUS.unexpected);
    expect(await judged(entry(1, 0x0a, 0))).toBe(PARSER_STATUS.unexpected);
    expect(await judged(entry(1, 0x06, 0), new Uint8Array(3))).toBe(PARSER_STATUS.unexpected);
  });
});

describe('what is written', () => {
  test('erases each page that a write begins in or at, and no other', async () => {
    const before = new Uint8Array(TINY.flashBytes).fill(0);
    const { bench } = await sent(gblOf(TINY_START, IMAGE), { flash: before });
    const { flash } = bench.device;
    expect(flash.erases).toBe(Math.ceil(IMAGE.length / PAGE));
    expect(flash.read(TINY_START + IMAGE.length, 3 * PAGE - IMAGE.length).every((b) => b === 0xff)).toBe(
      true,
    );
    expect(flash.u32(TINY_START + 3 * PAGE)).toBe(0);
    expect(flash.u32(TINY_START - 4)).toBe(0);
    expect(flash.violations).toEqual([]);
  });

  test('in a second tag in the midst of a page relies on the first having erased it', async () => {
    const file = gbl(
      header(),
      INFO,
      prog(TINY_START, IMAGE.slice(0, 172)),
      prog(TINY_START + 0x100, IMAGE.slice(0x100)),
    );
    const { bench, finish } = await sent(file, { flash: new Uint8Array(TINY.flashBytes) });
    expect(finish).toBe(OK.finish);
    expect(bench.device.flash.violations).toEqual([]);
    expect(bench.device.flash.read(TINY_START + 0x100, 64)).toEqual(IMAGE.slice(0x100, 0x140));
    expect(bench.device.flash.read(TINY_START + 172, 0x100 - 172).every((b) => b === 0xff)).toBe(true);
  });

  test('without an erase is spoilt, and the device says OK all the same', async () => {
    const at = TINY_START + 2 * PAGE + 64;
    const file = gbl(header(), prog(at, IMAGE.slice(0, 8)));
    const { bench, finish } = await sent(file, { flash: new Uint8Array(TINY.flashBytes) });
    expect(finish).toBe(OK.finish);
    expect(bench.device.flash.u32(at)).toBe(0);
    expect(bench.device.flash.violations).toHaveLength(2);
  });

  test('has its last word filled up with ones', async () => {
    const at = TINY_START + PAGE;
    const { bench, finish } = await sent(gbl(header(), prog(at, IMAGE.slice(0, 6))));
    expect(finish).toBe(OK.finish);
    expect(bench.device.flash.read(at, 8)).toEqual(concat([IMAGE.slice(0, 6), Uint8Array.of(0xff, 0xff)]));
  });

  test.each([
    ['in the bootloader', TINY.flashBase, 64],
    ['behind flash', TINY.flashBase + TINY.flashBytes, 64],
    ['at the end of the address space', 0xfffffff0, 64],
    ['at no whole word', TINY_START + PAGE + 2, 64],
  ])('%s is dropped without a word, and finish says OK', async (_, address, bytes) => {
    const { bench, finish } = await sent(gbl(header(), prog(address, IMAGE.slice(0, bytes))));
    expect(finish).toBe(OK.finish);
    expect(bench.device.flash.operations).toBe(0);
    expect(bench.device.runs().refusal).toBe('no-image');
  });

  test('over the borders of the application space lands inside them only', async () => {
    const image = concat([new Uint8Array(64), IMAGE]);
    const { bench } = await sent(gbl(header(), INFO, prog(TINY_START - 64, image)), {
      flash: new Uint8Array(TINY.flashBytes).fill(0x11),
    });
    expect(bench.device.flash.u32(TINY_START - 4)).toBe(0x11111111);
    expect(bench.device.runs().bytes.slice(0, IMAGE.length)).toEqual(IMAGE);
  });

  test('holds back six vector words until the CRC was right', async () => {
    const file = gblOf(TINY_START, IMAGE);
    const bench = await Bench.inBootloader();
    await bench.upload(file.slice(0, file.length - 4), 252);
    const { flash } = bench.device;
    expect(flash.u32(TINY_START)).toBe(0x20001000);
    expect(flash.read(TINY_START + 4, 24)).toEqual(new Uint8Array(24).fill(0xff));
    expect(flash.read(TINY_START + 28, 100)).toEqual(IMAGE.slice(28, 128));
    await bench.upload(file.slice(file.length - 4));
    expect(flash.read(TINY_START, IMAGE.length)).toEqual(IMAGE);
  });

  test('takes as many operations as there are pages and words', async () => {
    const { bench } = await sent(gblOf(TINY_START, IMAGE));
    expect(bench.device.flash.operations).toBe(Math.ceil(IMAGE.length / PAGE) + IMAGE.length / 4);
  });
});

describe('an upgrade of the bootloader', () => {
  const code = application({ start: TINY.flashBase, bytes: 300 });
  const upgrade = (version: number, address = TINY.flashBase) =>
    gbl(header(), tag(ID.bootloader, concat([u32le(version), u32le(address), code])));
  const old = { image: IMAGE, bootloaderVersion: 0x02040001 };

  test('to a newer version is installed at finish; the application in whose space it came is gone', async () => {
    const { bench, finish } = await sent(upgrade(0x02050000), old);
    expect(finish).toBe(OK.finish);
    await bench.settle();
    expect(bench.take()).toEqual(['a00200014600', 'a004000000000502']);
    expect(bench.device.state.bootloaderVersion).toBe(0x02050000);
  });

  test.each([0x02040001, 0x02030000])(
    'to version 0x%x is acknowledged and not installed',
    async (version) => {
      const { bench, finish } = await sent(upgrade(version), old);
      expect(finish).toBe(OK.finish);
      await bench.settle();
      expect(bench.take()).toEqual([]);
      expect(bench.device.state.bootloaderVersion).toBe(0x02040001);
      expect(bench.device.runs().refusal).toBe('no-image');
    },
  );

  test('for another address is refused before anything is erased', async () => {
    const { bench, failure } = await sent(upgrade(0x02050000, TINY.flashBase + PAGE), old);
    expect(failure).toBe(PARSER_STATUS.unexpected);
    expect(bench.device.flash.operations).toBe(0);
  });

  test('of the Secure Element is installed likewise', async () => {
    const blob = concat([u32le(100), u32le(0x00010300), new Uint8Array(100)]);
    const { bench, finish } = await sent(gbl(header(), tag(ID.seUpgrade, blob)), {
      ...old,
      seVersion: 0x00010200,
    });
    expect(finish).toBe(OK.finish);
    await bench.settle();
    expect(bench.device.state.seVersion).toBe(0x00010300);
  });
});

describe('whatever comes', () => {
  test('the pieces in which a file comes make no difference', async () => {
    const file = gblOf(TINY_START, IMAGE);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 254 }), { minLength: 1, maxLength: 40 }),
        async (sizes) => {
          const bench = await Bench.inBootloader();
          let at = 0;
          for (let i = 0; at < file.length; i++) {
            const size = sizes[i] ?? 254;
            expect(await bench.ask(uploadFrame(file.slice(at, at + size)))).toBe(OK.upload);
            at += size;
          }
          expect(await bench.finish()).toBe(OK.finish);
          expect(bench.device.runs().bytes).toEqual(IMAGE);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('random bytes and random tags never break the device', async () => {
    const anyTag = fc
      .tuple(fc.constantFrom(...Object.values(ID), 0), fc.uint8Array({ maxLength: 80 }))
      .map(([id, payload]) => tag(id, payload));
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyTag, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 64 }),
        async (tags, rest) => {
          const bench = await Bench.inBootloader({ image: IMAGE });
          for (const chunk of chunks(concat([header(), ...tags, rest]), 60)) {
            expect([OK.upload, BAD.upload]).toContain(await bench.ask(uploadFrame(chunk)));
          }
          expect([OK.finish, BAD.finish]).toContain(await bench.finish());
        },
      ),
      { numRuns: 200 },
    );
  });
});
