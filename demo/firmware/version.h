/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that differs between the two releases. The Makefile passes THERMO_MINOR. */
#ifndef THERMO_VERSION_H
#define THERMO_VERSION_H

#define THERMO_MAJOR 1
#define THERMO_PATCH 0

#if THERMO_MINOR == 0
#define THERMO_BUILD 1
/* Sent in Morse code by the LED after a start. */
#define THERMO_GREETING "T"
/* Blink period at 25 degrees Celsius, and how many kelvins warmer halve it. */
#define THERMO_PERIOD_25C_MS 1000.0
#define THERMO_HALVING_KELVIN 20.0
#elif THERMO_MINOR == 1
#define THERMO_BUILD 2
#define THERMO_GREETING "THERMO 1 1"
#define THERMO_PERIOD_25C_MS 400.0
#define THERMO_HALVING_KELVIN 15.0
#else
#error "THERMO_MINOR must be 0 or 1"
#endif

#endif
