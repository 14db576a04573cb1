/* SPDX-License-Identifier: Apache-2.0 */
/* A thermometer with one LED: the warmer the chip, the faster it blinks. */
#ifndef THERMO_LED_H
#define THERMO_LED_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised is ready for use. */
struct led {
  uint32_t remaining_ms;
  uint8_t letter;  /* position in the greeting */
  uint8_t element; /* position in the letter's code */
  bool on;
};

/* To be called every millisecond with the temperature in quarters of a kelvin. */
bool led_tick(struct led *led, uint32_t quarter_kelvin);

#endif
