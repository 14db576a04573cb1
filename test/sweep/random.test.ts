import { describe, expect, test } from 'vitest';
import { randomFaults } from '../../src/sim/index.ts';
import { flash, judge, recover, scene } from './scene.ts';

describe('several faults at random', () => {
  const SEEDS = 400;

  test.each([
    ['after each other', {}],
    ['and the power besides', { power: true }],
  ])('%s', async (_, { power = false }: { power?: boolean }) => {
    let struck = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const faults = randomFaults(seed, { count: 1 + (seed % 6), frames: 24 });
      const what = `seed ${seed}`;
      const faulty = scene(power ? [...faults, { kind: 'power', operation: (seed * 61) % 278 }] : faults);
      const report = await flash(faulty);
      struck += faulty.port.struck.length;
      judge(report, faulty.device, what);
      await recover(faulty, what);
    }
    expect(struck).toBeGreaterThan(SEEDS);
  });
});
