/* SPDX-License-Identifier: Apache-2.0 */
/* All that knows the chip's registers is behind these functions. */
#ifndef THERMO_BOARD_H
#define THERMO_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void board_init(void);

/* True once for each millisecond that passed; must be asked at least that often. */
bool board_millisecond(void);

void board_led(bool on);

/* False when no byte is waiting. */
bool board_uart_read(uint8_t *byte);
void board_uart_write(const uint8_t *bytes, size_t size);

/* Die temperature in quarters of a kelvin, not calibrated; 0 before the first measurement. */
uint32_t board_temperature(void);

/* Version of the Gecko bootloader in front of this application, 0 when there is none. */
uint32_t board_bootloader_version(void);

_Noreturn void board_reset(void);
_Noreturn void board_enter_bootloader(void);

/* Like board_enter_bootloader, but touches no peripheral: for fault handlers. */
_Noreturn void board_fault(void);

#endif
