/* SPDX-License-Identifier: Apache-2.0 */
#include "led.h"

#include "version.h"

#define DOT_MS 120u

/* Morse codes as text, so that the table can be read. A blank is a pause between words. */
static const char digits[10][6] = {
  "-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----."
};
static const char letters[26][5] = {
  ".-",   "-...", "-.-.", "-..",  ".",   "..-.", "--.",  "....", "..",   ".---", "-.-",  ".-..", "--",
  "-.",   "---",  ".--.", "--.-", ".-.", "...",  "-",    "..-",  "...-", ".--",  "-..-", "-.--", "--.."
};
static const char pause[] = "";
static const char greeting[] = THERMO_GREETING;

/*
 * Blink period in milliseconds for each quarter kelvin from 233 K (-40 degrees Celsius) on. The
 * curve is exponential; the compiler evaluates it, so the chip needs no floating point.
 */
#define FIRST_KELVIN 233
#define CELSIUS_25_KELVIN 298.15
#define LN_2 0.69314718055994530942
#define PERIOD(i)                                                                              \
  (uint16_t)(THERMO_PERIOD_25C_MS *                                                            \
             __builtin_exp((CELSIUS_25_KELVIN - FIRST_KELVIN - (i) / 4.0) *                    \
                           (LN_2 / THERMO_HALVING_KELVIN)))
#define P4(i) PERIOD(i), PERIOD((i) + 1), PERIOD((i) + 2), PERIOD((i) + 3)
#define P16(i) P4(i), P4((i) + 4), P4((i) + 8), P4((i) + 12)
#define P32(i) P16(i), P16((i) + 16)
#define P128(i) P32(i), P32((i) + 32), P32((i) + 64), P32((i) + 96)
#define P512(i) P128(i), P128((i) + 128), P128((i) + 256), P128((i) + 384)

static const uint16_t periods[] = { P512(0), P128(512), P32(640) };
#define PERIODS (sizeof periods / sizeof periods[0])

/* Before its first measurement the sensor reads 0, which becomes the coldest entry. */
static uint32_t period_ms(uint32_t quarter_kelvin) {
  const uint32_t first = FIRST_KELVIN * 4u;
  uint32_t index = quarter_kelvin < first ? 0u : quarter_kelvin - first;

  if (index >= PERIODS) {
    index = PERIODS - 1;
  }
  return periods[index] < 16u ? 16u : periods[index];
}

static const char *code(char letter) {
  if (letter >= 'A' && letter <= 'Z') {
    return letters[letter - 'A'];
  }
  if (letter >= '0' && letter <= '9') {
    return digits[letter - '0'];
  }
  return pause;
}

/* Standard Morse timing: dash 3, gap 1, gap between letters 3, between words 7 dots. */
static void next_greeting_step(struct led *led) {
  const char *morse = code(greeting[led->letter]);

  if (!led->on && morse[led->element] != '\0') {
    led->on = true;
    led->remaining_ms = morse[led->element] == '-' ? 3 * DOT_MS : DOT_MS;
    led->element++;
    return;
  }
  led->on = false;
  led->remaining_ms = DOT_MS;
  if (morse[led->element] == '\0') {
    led->remaining_ms = morse == pause ? 4 * DOT_MS : 3 * DOT_MS;
    led->element = 0;
    led->letter++;
  }
}

static void next_blink_step(struct led *led, uint32_t quarter_kelvin) {
  const uint32_t period = period_ms(quarter_kelvin);

  led->on = !led->on;
  led->remaining_ms = led->on ? period / 8 : period - period / 8;
}

bool led_tick(struct led *led, uint32_t quarter_kelvin) {
  if (led->remaining_ms == 0) {
    if (greeting[led->letter] != '\0') {
      next_greeting_step(led);
    } else {
      next_blink_step(led, quarter_kelvin);
    }
  }
  led->remaining_ms--;
  return led->on;
}
