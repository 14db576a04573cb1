/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table-driven CRC-32, sixteen bytes per step ("slicing by 16"). The tables take 16 KiB of flash;
 * in return the check of the whole image at every start needs 4.4 instructions a byte, where a
 * loop over a single table needs 7.
 */
#include "crc32.h"

#define POLYNOMIAL 0xEDB88320u

/*
 * The tables are linear over XOR, so each entry is the XOR of the entries of its single bits, and
 * those are just the successive states of the CRC's shift register started at 1: S<table><bit>.
 */
#define STEP(x) (((x) >> 1) ^ (((x) & 1u) != 0 ? POLYNOMIAL : 0u))
#define STATES(t, before)                                                      \
  S##t##0 = STEP(before), S##t##1 = STEP(S##t##0), S##t##2 = STEP(S##t##1),    \
  S##t##3 = STEP(S##t##2), S##t##4 = STEP(S##t##3), S##t##5 = STEP(S##t##4),   \
  S##t##6 = STEP(S##t##5), S##t##7 = STEP(S##t##6)

enum {
  STATES(0, 1u), STATES(1, S07), STATES(2, S17), STATES(3, S27),
  STATES(4, S37), STATES(5, S47), STATES(6, S57), STATES(7, S67),
  STATES(8, S77), STATES(9, S87), STATES(A, S97), STATES(B, SA7),
  STATES(C, SB7), STATES(D, SC7), STATES(E, SD7), STATES(F, SE7)
};

#define BIT(i, mask, state) (((i) & (mask)) != 0 ? (uint32_t)(state) : 0u)
#define ENTRY(t, i)                                                            \
  (BIT(i, 0x80, S##t##0) ^ BIT(i, 0x40, S##t##1) ^ BIT(i, 0x20, S##t##2) ^     \
   BIT(i, 0x10, S##t##3) ^ BIT(i, 0x08, S##t##4) ^ BIT(i, 0x04, S##t##5) ^     \
   BIT(i, 0x02, S##t##6) ^ BIT(i, 0x01, S##t##7))
#define E4(t, i) ENTRY(t, i), ENTRY(t, (i) + 1), ENTRY(t, (i) + 2), ENTRY(t, (i) + 3)
#define E16(t, i) E4(t, i), E4(t, (i) + 4), E4(t, (i) + 8), E4(t, (i) + 12)
#define E64(t, i) E16(t, i), E16(t, (i) + 16), E16(t, (i) + 32), E16(t, (i) + 48)
#define TABLE(t) { E64(t, 0), E64(t, 64), E64(t, 128), E64(t, 192) }

/* tables[n][b]: what byte b contributes when n more bytes follow it. */
static const uint32_t tables[16][256] = {
  TABLE(0), TABLE(1), TABLE(2), TABLE(3), TABLE(4), TABLE(5), TABLE(6), TABLE(7),
  TABLE(8), TABLE(9), TABLE(A), TABLE(B), TABLE(C), TABLE(D), TABLE(E), TABLE(F)
};

static uint32_t load(const uint8_t *from) {
  return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* What the four bytes of a word contribute when `after` more bytes follow it in the step. */
static inline uint32_t contribution(uint32_t word, unsigned after) {
  return tables[after + 3][word & 0xFFu] ^ tables[after + 2][(word >> 8) & 0xFFu] ^
         tables[after + 1][(word >> 16) & 0xFFu] ^ tables[after][word >> 24];
}

uint32_t crc32(const uint8_t *data, size_t size) {
  uint32_t crc = 0xFFFFFFFFu;

  for (; size >= 16; data += 16, size -= 16) {
    crc = contribution(load(data) ^ crc, 12) ^ contribution(load(data + 4), 8) ^
          contribution(load(data + 8), 4) ^ contribution(load(data + 12), 0);
  }
  for (; size > 0; data++, size--) {
    crc = (crc >> 8) ^ tables[0][(crc ^ *data) & 0xFFu];
  }
  return ~crc;
}
